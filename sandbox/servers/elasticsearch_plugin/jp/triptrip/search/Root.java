package jp.triptrip.search;

import static org.elasticsearch.rest.RestRequest.Method.GET;
import static org.elasticsearch.rest.RestRequest.Method.HEAD;

import java.util.List;

import org.elasticsearch.Build;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestResponse;
import org.elasticsearch.rest.RestStatus;

/** `GET /`, which is in a module that the distribution lacks and which every client asks first. */
final class Root extends BaseRestHandler {
    private final Settings settings;

    Root(Settings settings) {
        this.settings = settings;
    }

    @Override
    public String getName() {
        return "root";
    }

    @Override
    public List<Route> routes() {
        return List.of(new Route(GET, "/"), new Route(HEAD, "/"));
    }

    @Override
    protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) {
        return channel -> channel.sendResponse(new RestResponse(RestStatus.OK, channel.newBuilder()
            .startObject()
            .field("name", settings.get("node.name"))
            .field("cluster_name", settings.get("cluster.name"))
            .startObject("version").field("number", Build.current().version()).endObject()
            .field("tagline", "You Know, for Search")
            .endObject()));
    }
}
