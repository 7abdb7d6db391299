package jp.triptrip.search;

import java.io.Reader;
import java.util.function.BiFunction;

import org.apache.lucene.analysis.TokenStream;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.index.analysis.CharFilterFactory;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;

/** Lucene's filters as Elasticsearch's factories. */
final class Filters {
    private Filters() {}

    static AnalysisProvider<TokenFilterFactory> tokens(BiFunction<TokenStream, Settings, TokenStream> made) {
        return (index, environment, name, settings) -> new TokenFilterFactory() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public TokenStream create(TokenStream input) {
                return made.apply(input, settings);
            }
        };
    }

    static AnalysisProvider<CharFilterFactory> characters(BiFunction<Reader, Settings, Reader> made) {
        return (index, environment, name, settings) -> new CharFilterFactory() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public Reader create(Reader input) {
                return made.apply(input, settings);
            }

            @Override
            public Reader normalize(Reader input) {
                return create(input);
            }
        };
    }
}
