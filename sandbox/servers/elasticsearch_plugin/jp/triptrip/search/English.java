package jp.triptrip.search;

import java.util.Map;

import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.en.EnglishPossessiveFilter;
import org.apache.lucene.analysis.en.PorterStemFilter;
import org.apache.lucene.analysis.miscellaneous.ASCIIFoldingFilter;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;

/** The filters of analysis-common that the English fields use. */
final class English {
    private English() {}

    static Map<String, AnalysisProvider<TokenFilterFactory>> tokenFilters() {
        return Map.of(
            "asciifolding", Filters.tokens((input, settings) -> new ASCIIFoldingFilter(input)),
            "stemmer", Filters.tokens(English::stemmer)
        );
    }

    private static TokenStream stemmer(TokenStream input, Settings settings) {
        String language = settings.get("language", "english");
        return switch (language) {
            case "english" -> new PorterStemFilter(input);
            case "possessive_english" -> new EnglishPossessiveFilter(input);
            default -> throw new IllegalArgumentException("Invalid stemmer class specified: " + language);
        };
    }
}
