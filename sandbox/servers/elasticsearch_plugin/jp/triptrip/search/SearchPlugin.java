package jp.triptrip.search;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;

import org.elasticsearch.action.ActionRequest;
import org.elasticsearch.action.ActionResponse;
import org.elasticsearch.client.internal.Client;
import org.elasticsearch.cluster.metadata.IndexNameExpressionResolver;
import org.elasticsearch.cluster.node.DiscoveryNodes;
import org.elasticsearch.common.io.stream.NamedWriteableRegistry;
import org.elasticsearch.common.settings.ClusterSettings;
import org.elasticsearch.common.settings.IndexScopedSettings;
import org.elasticsearch.common.settings.Setting;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.common.settings.SettingsFilter;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.index.analysis.CharFilterFactory;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.index.mapper.Mapper;
import org.elasticsearch.index.reindex.DeleteByQueryAction;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.ActionPlugin;
import org.elasticsearch.plugins.AnalysisPlugin;
import org.elasticsearch.plugins.MapperPlugin;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.rest.RestController;
import org.elasticsearch.rest.RestHandler;
import org.elasticsearch.xcontent.NamedXContentRegistry;
import org.elasticsearch.xpack.core.ilm.LifecycleSettings;

/** What our index templates ask of analysis-common, analysis-kuromoji and analysis-icu, made of Lucene's own parts. */
public final class SearchPlugin extends Plugin implements AnalysisPlugin, MapperPlugin, ActionPlugin {
    private volatile Client client;

    @Override
    public Collection<?> createComponents(PluginServices services) {
        client = services.client();
        return List.of();
    }

    @Override
    public Map<String, AnalysisProvider<TokenizerFactory>> getTokenizers() {
        Map<String, AnalysisProvider<TokenizerFactory>> all = new HashMap<>(OwnIndices.tokenizers());
        all.put("kuromoji_tokenizer", Japanese::tokenizer);
        return all;
    }

    @Override
    public Map<String, AnalysisProvider<CharFilterFactory>> getCharFilters() {
        return Japanese.charFilters();
    }

    @Override
    public Map<String, AnalysisProvider<TokenFilterFactory>> getTokenFilters() {
        Map<String, AnalysisProvider<TokenFilterFactory>> all = new HashMap<>(Japanese.tokenFilters());
        all.putAll(OwnIndices.tokenFilters());
        all.putAll(English.tokenFilters());
        all.put("synonym_graph", AnalysisPlugin.requiresAnalysisSettings((index, environment, name, settings) ->
            new SynonymGraph(name, settings, client)));
        return all;
    }

    @Override
    public Map<String, Mapper.TypeParser> getMappers() {
        return OwnIndices.mappers();
    }

    @Override
    public List<Setting<?>> getSettings() {
        return List.of(LifecycleSettings.LIFECYCLE_NAME_SETTING);
    }

    @Override
    public Collection<ActionHandler<? extends ActionRequest, ? extends ActionResponse>> getActions() {
        return List.of(new ActionHandler<>(DeleteByQueryAction.INSTANCE, DeleteByQuery.class));
    }

    @Override
    public List<NamedXContentRegistry.Entry> getNamedXContent() {
        return Lifecycles.parsers();
    }

    @Override
    public Collection<RestHandler> getRestHandlers(
        Settings settings, NamedWriteableRegistry writeables, RestController controller, ClusterSettings cluster,
        IndexScopedSettings indices, SettingsFilter filter, IndexNameExpressionResolver resolver,
        Supplier<DiscoveryNodes> nodes, Predicate<NodeFeature> features
    ) {
        return List.of(new Root(settings), Lifecycles.ofIndices(), Lifecycles.ofSnapshots(), new Reindex());
    }
}
