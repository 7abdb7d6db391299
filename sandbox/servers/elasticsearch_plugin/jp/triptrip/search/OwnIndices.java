package jp.triptrip.search;

import java.util.Map;
import java.util.regex.Pattern;

import org.apache.lucene.analysis.email.UAX29URLEmailTokenizer;
import org.apache.lucene.analysis.miscellaneous.RemoveDuplicatesTokenFilter;
import org.apache.lucene.analysis.pattern.PatternCaptureGroupTokenFilter;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.index.mapper.Mapper;
import org.elasticsearch.index.mapper.TextFieldMapper;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;

/** What Elasticsearch's own indices (.security, .synonyms) ask of analysis-common and mapper-extras. */
final class OwnIndices {
    private OwnIndices() {}

    static Map<String, AnalysisProvider<TokenFilterFactory>> tokenFilters() {
        return Map.of(
            "pattern_capture", Filters.tokens((input, settings) -> new PatternCaptureGroupTokenFilter(
                input, settings.getAsBoolean("preserve_original", true),
                settings.getAsList("patterns").stream().map(Pattern::compile).toArray(Pattern[]::new))),
            "unique", Filters.tokens((input, settings) -> new RemoveDuplicatesTokenFilter(input))
        );
    }

    /** The field keeps the text of a synonym rule; whether positions are kept beside it makes no difference there. */
    static Map<String, Mapper.TypeParser> mappers() {
        return Map.of("match_only_text", TextFieldMapper.PARSER);
    }

    static Map<String, AnalysisProvider<TokenizerFactory>> tokenizers() {
        return Map.of("uax_url_email", (index, environment, name, settings) ->
            TokenizerFactory.newFactory(name, UAX29URLEmailTokenizer::new));
    }
}
