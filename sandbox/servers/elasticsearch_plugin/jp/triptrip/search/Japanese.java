package jp.triptrip.search;

import java.io.Reader;
import java.util.Locale;
import java.util.Map;

import com.ibm.icu.text.Normalizer2;
import org.apache.lucene.analysis.StopFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.icu.ICUNormalizer2CharFilter;
import org.apache.lucene.analysis.icu.ICUNormalizer2Filter;
import org.apache.lucene.analysis.icu.ICUTransformFilter;
import org.apache.lucene.analysis.ja.JapaneseAnalyzer;
import org.apache.lucene.analysis.ja.JapaneseBaseFormFilter;
import org.apache.lucene.analysis.ja.JapaneseCompletionFilter;
import org.apache.lucene.analysis.ja.JapaneseIterationMarkCharFilter;
import org.apache.lucene.analysis.ja.JapaneseKatakanaStemFilter;
import org.apache.lucene.analysis.ja.JapanesePartOfSpeechStopFilter;
import org.apache.lucene.analysis.ja.JapaneseReadingFormFilter;
import org.apache.lucene.analysis.ja.JapaneseTokenizer;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.index.IndexSettings;
import org.elasticsearch.index.analysis.CharFilterFactory;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;

/** The parts of analysis-kuromoji and analysis-icu that our templates use, with those plugins' defaults. */
final class Japanese {
    private Japanese() {}

    static TokenizerFactory tokenizer(IndexSettings index, Environment environment, String name, Settings settings) {
        JapaneseTokenizer.Mode mode =
            JapaneseTokenizer.Mode.valueOf(settings.get("mode", "search").toUpperCase(Locale.ROOT));
        boolean punctuation = settings.getAsBoolean("discard_punctuation", true);
        boolean compounds = settings.getAsBoolean("discard_compound_token", false);
        return TokenizerFactory.newFactory(name, () -> new JapaneseTokenizer(null, punctuation, compounds, mode));
    }

    static Map<String, AnalysisProvider<CharFilterFactory>> charFilters() {
        return Map.of(
            "icu_normalizer", Filters.characters((input, settings) -> new ICUNormalizer2CharFilter(input, form(settings))),
            "kuromoji_iteration_mark", Filters.characters(Japanese::iterationMark)
        );
    }

    static Map<String, AnalysisProvider<TokenFilterFactory>> tokenFilters() {
        return Map.of(
            "kuromoji_baseform", Filters.tokens((input, settings) -> new JapaneseBaseFormFilter(input)),
            "kuromoji_part_of_speech", Filters.tokens((input, settings) ->
                new JapanesePartOfSpeechStopFilter(input, JapaneseAnalyzer.getDefaultStopTags())),
            "kuromoji_readingform", Filters.tokens((input, settings) ->
                new JapaneseReadingFormFilter(input, settings.getAsBoolean("use_romaji", false))),
            "kuromoji_stemmer", Filters.tokens((input, settings) ->
                new JapaneseKatakanaStemFilter(input, settings.getAsInt("minimum_length", 4))),
            "kuromoji_completion", Filters.tokens(Japanese::completion),
            "ja_stop", Filters.tokens((input, settings) ->
                new StopFilter(input, JapaneseAnalyzer.getDefaultStopSet())),
            "icu_normalizer", Filters.tokens((input, settings) -> new ICUNormalizer2Filter(input, form(settings))),
            "icu_transform", Filters.tokens(Japanese::transform)
        );
    }

    private static Normalizer2 form(Settings settings) {
        return Normalizer2.getInstance(null, settings.get("name", "nfkc_cf"), Normalizer2.Mode.COMPOSE);
    }

    private static Reader iterationMark(Reader input, Settings settings) {
        boolean kanji = settings.getAsBoolean("normalize_kanji", true);
        return new JapaneseIterationMarkCharFilter(input, kanji, settings.getAsBoolean("normalize_kana", true));
    }

    private static TokenStream completion(TokenStream input, Settings settings) {
        String mode = settings.get("mode", "index").toUpperCase(Locale.ROOT);
        return new JapaneseCompletionFilter(input, JapaneseCompletionFilter.Mode.valueOf(mode));
    }

    private static TokenStream transform(TokenStream input, Settings settings) {
        return new ICUTransformFilter(input, com.ibm.icu.text.Transliterator.getInstance(settings.get("id", "Null")));
    }
}
