package jp.triptrip.search;

import java.util.List;

import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.bulk.BulkRequest;
import org.elasticsearch.action.delete.DeleteRequest;
import org.elasticsearch.action.search.SearchRequest;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.action.support.HandledTransportAction;
import org.elasticsearch.action.support.WriteRequest.RefreshPolicy;
import org.elasticsearch.client.internal.Client;
import org.elasticsearch.core.TimeValue;
import org.elasticsearch.index.reindex.BulkByScrollResponse;
import org.elasticsearch.index.reindex.BulkByScrollTask;
import org.elasticsearch.index.reindex.DeleteByQueryAction;
import org.elasticsearch.index.reindex.DeleteByQueryRequest;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.search.builder.SearchSourceBuilder;
import org.elasticsearch.tasks.Task;
import org.elasticsearch.threadpool.ThreadPool;
import org.elasticsearch.transport.TransportService;

/** What the synonyms API needs of the reindex module: the old rules of a set go before the new ones come. */
public final class DeleteByQuery extends HandledTransportAction<DeleteByQueryRequest, BulkByScrollResponse> {
    private static final int MOST = 10_000;
    private final Client client;

    @Inject
    public DeleteByQuery(TransportService transport, ActionFilters filters, Client client, ThreadPool threads) {
        super(DeleteByQueryAction.NAME, transport, filters, DeleteByQueryRequest::new,
            threads.executor(ThreadPool.Names.GENERIC));
        this.client = client;
    }

    @Override
    protected void doExecute(Task task, DeleteByQueryRequest request, ActionListener<BulkByScrollResponse> listener) {
        SearchRequest asked = request.getSearchRequest();
        SearchRequest search = new SearchRequest(asked.indices()).indicesOptions(asked.indicesOptions())
            .source(new SearchSourceBuilder().query(asked.source().query()).size(MOST).fetchSource(false));
        client.search(search, listener.delegateFailureAndWrap((next, found) -> {
            BulkRequest bulk = new BulkRequest().setRefreshPolicy(RefreshPolicy.IMMEDIATE);
            found.getHits().forEach(hit -> bulk.add(new DeleteRequest(hit.getIndex(), hit.getId())));
            if (bulk.numberOfActions() == 0) {
                next.onResponse(answer(0));
            } else {
                client.bulk(bulk, next.map(done -> answer(bulk.numberOfActions())));
            }
        }));
    }

    private static BulkByScrollResponse answer(long deleted) {
        BulkByScrollTask.Status status = new BulkByScrollTask.Status(null, deleted, 0, 0, deleted, 1, 0, 0, 0, 0,
            TimeValue.ZERO, Float.POSITIVE_INFINITY, null, TimeValue.ZERO);
        return new BulkByScrollResponse(TimeValue.ZERO, status, List.of(), List.of(), false);
    }
}
