package jp.triptrip.search;

import static org.elasticsearch.rest.RestRequest.Method.POST;

import java.io.IOException;
import java.util.List;

import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.index.reindex.ReindexRequest;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestResponse;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.xcontent.ToXContent;
import org.elasticsearch.xcontent.XContentParser;

/** Answers a request for `_reindex` with what the vendor's own parser understood; nothing is copied. */
final class Reindex extends BaseRestHandler {
    @Override
    public String getName() {
        return "reindex_understood";
    }

    @Override
    public List<Route> routes() {
        return List.of(new Route(POST, "/_understood/reindex"));
    }

    @Override
    protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) throws IOException {
        try (XContentParser parser = request.contentParser()) {
            ReindexRequest understood = ReindexRequest.fromXContent(parser, feature -> true);
            if (understood.validate() != null) {
                throw understood.validate();
            }
            return channel -> channel.sendResponse(new RestResponse(RestStatus.OK,
                understood.toXContent(channel.newBuilder(), ToXContent.EMPTY_PARAMS)));
        }
    }
}
