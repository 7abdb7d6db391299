"use strict";
(() => {
  const languages = ["en", "ja"];

  // The address keeps language and place (#lang=ja&at=cost): nothing is stored, and a link shows what its sender saw.
  const address = () => new URLSearchParams(location.hash.slice(1));
  const spoken = () => document.documentElement.lang;

  function speak(language) {
    document.documentElement.lang = language;
    document.getElementById(`speak-${language}`).checked = true;
  }

  function remember(at) {
    const place = at ? `&at=${encodeURIComponent(at)}` : "";
    history.replaceState(null, "", `#lang=${spoken()}${place}`);
  }

  function follow() {
    const asked = address();
    const language = asked.get("lang");
    if (languages.includes(language)) speak(language);
    const at = language ? asked.get("at") : decodeURIComponent(location.hash.slice(1));
    const place = at && document.getElementById(at);
    if (!place) return;
    if (language) {
      // Else a reload would go on where it stood while it was still scrolling.
      history.scrollRestoration = "manual";
      place.scrollIntoView({ behavior: "instant" });
    }
    remember(at);
  }

  function numbers(keys) {
    const read = keys.map(Number);
    return keys.every((key, index) => key !== "" && !Number.isNaN(read[index])) ? read : null;
  }

  function sort(table, column, way) {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const texts = rows.map((row) => {
      const cell = row.cells[column];
      return cell.dataset.key ?? cell.innerText.trim();
    });
    const keys = numbers(texts) ?? texts;
    const order = new Intl.Collator(spoken(), { numeric: true }).compare;
    const compare = typeof keys[0] === "number" ? (a, b) => keys[a] - keys[b] : (a, b) => order(keys[a], keys[b]);
    const places = rows.map((_, index) => index).sort((a, b) => (way === "ascending" ? compare(a, b) : compare(b, a)));
    body.append(...places.map((place) => rows[place]));
  }

  function makeSortable(table) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const way = head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
        heads.forEach((other) => other.setAttribute("aria-sort", other === head ? way : "none"));
        sort(table, column, way);
      });
    });
  }

  function makeFilter(controls) {
    const rows = [...document.getElementById(controls.dataset.for).tBodies[0].rows];
    const words = controls.querySelector("input[type=search]");
    const count = controls.querySelector("output");
    function narrow() {
      const status = controls.querySelector("input[type=radio]:checked")?.value ?? "";
      const wanted = words.value.trim().toLowerCase();
      for (const row of rows) {
        const fits = (!status || row.dataset.status === status) && row.textContent.toLowerCase().includes(wanted);
        row.hidden = !fits;
      }
      count.value = `${rows.filter((row) => !row.hidden).length} / ${rows.length}`;
    }
    controls.addEventListener("input", narrow);
    controls.hidden = false;
    narrow();
  }

  for (const language of languages) {
    document.getElementById(`speak-${language}`).addEventListener("change", () => {
      speak(language);
      remember(address().get("at"));
    });
  }
  document.querySelectorAll("table[data-sorts]").forEach(makeSortable);
  document.querySelectorAll(".controls").forEach(makeFilter);
  speak(navigator.language.toLowerCase().startsWith("ja") ? "ja" : "en");
  addEventListener("hashchange", follow);
  follow();
})();
