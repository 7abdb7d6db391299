package jp.triptrip.search;

import java.io.IOException;
import java.io.StringReader;
import java.text.ParseException;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.core.KeywordAnalyzer;
import org.apache.lucene.analysis.synonym.SolrSynonymParser;
import org.apache.lucene.analysis.synonym.SynonymGraphFilter;
import org.apache.lucene.analysis.synonym.SynonymMap;
import org.apache.lucene.util.CharsRef;
import org.apache.lucene.util.CharsRefBuilder;
import org.elasticsearch.action.support.PlainActionFuture;
import org.elasticsearch.client.internal.Client;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.core.TimeValue;
import org.elasticsearch.index.IndexService.IndexCreationContext;
import org.elasticsearch.index.analysis.AnalysisMode;
import org.elasticsearch.index.analysis.CharFilterFactory;
import org.elasticsearch.index.analysis.CustomAnalyzer;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.synonyms.PagedResult;
import org.elasticsearch.synonyms.SynonymRule;
import org.elasticsearch.synonyms.SynonymsManagementAPIService;

/** `synonym_graph` with an updateable `synonyms_set`: read when analyzers are reloaded, as in analysis-common. */
final class SynonymGraph implements TokenFilterFactory {
    private static final TimeValue PATIENCE = TimeValue.timeValueSeconds(30);
    private final String name;
    private final String set;
    private final boolean lenient;
    private final Client client;

    SynonymGraph(String name, Settings settings, Client client) {
        this.name = name;
        this.client = client;
        this.lenient = settings.getAsBoolean("lenient", false);
        this.set = settings.get("synonyms_set");
        if (set == null || settings.getAsBoolean("updateable", false) == false) {
            throw new IllegalArgumentException("synonym_graph here takes an updateable synonyms_set");
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public AnalysisMode getAnalysisMode() {
        return AnalysisMode.SEARCH_TIME;
    }

    @Override
    public String getResourceName() {
        return set;
    }

    @Override
    public TokenStream create(TokenStream input) {
        throw new IllegalStateException("Call getChainAwareTokenFilterFactory first");
    }

    @Override
    public TokenFilterFactory getChainAwareTokenFilterFactory(
        IndexCreationContext context, TokenizerFactory tokenizer, List<CharFilterFactory> charFilters,
        List<TokenFilterFactory> previous, Function<String, TokenFilterFactory> all
    ) {
        // A set is an index: waiting for it while an index is made would block the thread that makes it.
        SynonymMap map = context == IndexCreationContext.RELOAD_ANALYZERS
            ? parsed(rules(), new CustomAnalyzer(tokenizer, charFilters.toArray(CharFilterFactory[]::new),
                previous.stream().map(TokenFilterFactory::getSynonymFilter).toArray(TokenFilterFactory[]::new)))
            : parsed("", new KeywordAnalyzer());
        return new TokenFilterFactory() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public TokenStream create(TokenStream input) {
                return map.fst == null ? input : new SynonymGraphFilter(input, map, false);
            }

            @Override
            public AnalysisMode getAnalysisMode() {
                return AnalysisMode.SEARCH_TIME;
            }

            @Override
            public String getResourceName() {
                return set;
            }
        };
    }

    private String rules() {
        PlainActionFuture<PagedResult<SynonymRule>> answer = new PlainActionFuture<>();
        new SynonymsManagementAPIService(client).getSynonymSetRules(set, answer);
        return Arrays.stream(answer.actionGet(PATIENCE).pageResults())
            .map(SynonymRule::synonyms)
            .collect(Collectors.joining("\n"));
    }

    private SynonymMap parsed(String rules, Analyzer analyzer) {
        try {
            SolrSynonymParser parser = lenient ? new Lenient(analyzer) : new SolrSynonymParser(true, true, analyzer);
            parser.parse(new StringReader(rules));
            return parser.build();
        } catch (IOException | ParseException error) {
            throw new IllegalArgumentException("failed to build synonyms", error);
        }
    }

    /** Leaves out a word that the analyzer cuts with a gap, instead of refusing the set and with it the shard. */
    private static final class Lenient extends SolrSynonymParser {
        Lenient(Analyzer analyzer) {
            super(true, true, analyzer);
        }

        @Override
        public CharsRef analyze(String text, CharsRefBuilder reuse) throws IOException {
            try {
                return super.analyze(text, reuse);
            } catch (IllegalArgumentException refused) {
                return new CharsRef();
            }
        }

        @Override
        public void add(CharsRef input, CharsRef output, boolean includeOriginal) {
            if (input.length > 0 && output.length > 0) {
                super.add(input, output, includeOriginal);
            }
        }
    }
}
