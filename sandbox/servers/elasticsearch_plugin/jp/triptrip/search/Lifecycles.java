package jp.triptrip.search;

import static org.elasticsearch.rest.RestRequest.Method.DELETE;
import static org.elasticsearch.rest.RestRequest.Method.GET;
import static org.elasticsearch.rest.RestRequest.Method.PUT;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;

import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.core.CheckedFunction;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestChannel;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestResponse;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.xcontent.NamedXContentRegistry;
import org.elasticsearch.xcontent.ParseField;
import org.elasticsearch.xcontent.ToXContent;
import org.elasticsearch.xcontent.ToXContentObject;
import org.elasticsearch.xcontent.XContentBuilder;
import org.elasticsearch.xcontent.XContentParser;
import org.elasticsearch.xpack.core.ilm.DeleteAction;
import org.elasticsearch.xpack.core.ilm.LifecycleAction;
import org.elasticsearch.xpack.core.ilm.LifecyclePolicy;
import org.elasticsearch.xpack.core.ilm.LifecycleType;
import org.elasticsearch.xpack.core.ilm.RolloverAction;
import org.elasticsearch.xpack.core.ilm.SetPriorityAction;
import org.elasticsearch.xpack.core.ilm.TimeseriesLifecycleType;
import org.elasticsearch.xpack.core.slm.SnapshotLifecyclePolicy;

/**
 * Policies of ILM and SLM, read and written by the vendor's own classes of x-pack-core and kept in memory.
 *
 * The modules that act on them are not in the distribution: nothing is rolled over, deleted or snapshotted.
 */
final class Lifecycles extends BaseRestHandler {
    private final String path;
    private final BiFunction<XContentParser, String, ToXContentObject> parse;
    private final Map<String, Kept> kept = new ConcurrentHashMap<>();

    private record Kept(ToXContentObject policy, long version, long modified) {}

    private Lifecycles(String path, BiFunction<XContentParser, String, ToXContentObject> parse) {
        this.path = path;
        this.parse = parse;
    }

    static Lifecycles ofIndices() {
        return new Lifecycles("/_ilm/policy", Lifecycles::ofIndices);
    }

    static Lifecycles ofSnapshots() {
        return new Lifecycles("/_slm/policy", (parser, name) -> {
            SnapshotLifecyclePolicy policy = SnapshotLifecyclePolicy.parse(parser, name);
            if (policy.validate() != null) {
                throw policy.validate();
            }
            return policy;
        });
    }

    private static ToXContentObject ofIndices(XContentParser parser, String name) {
        try {
            // The request is {"policy": {…}}; the parser of the policy begins inside.
            while (parser.nextToken() != XContentParser.Token.FIELD_NAME || !"policy".equals(parser.currentName())) {
                if (parser.currentToken() == null) {
                    throw new IllegalArgumentException("Required [policy]");
                }
            }
            parser.nextToken();
            LifecyclePolicy policy = LifecyclePolicy.parse(parser, name);
            policy.validate();
            return policy;
        } catch (IOException error) {
            throw new IllegalArgumentException(error);
        }
    }

    static List<NamedXContentRegistry.Entry> parsers() {
        return List.of(
            new NamedXContentRegistry.Entry(LifecycleType.class, new ParseField(TimeseriesLifecycleType.TYPE),
                parser -> TimeseriesLifecycleType.INSTANCE),
            action(RolloverAction.NAME, RolloverAction::parse),
            action(DeleteAction.NAME, DeleteAction::parse),
            action(SetPriorityAction.NAME, SetPriorityAction::parse)
        );
    }

    private static NamedXContentRegistry.Entry action(
        String name, CheckedFunction<XContentParser, LifecycleAction, IOException> parse
    ) {
        return new NamedXContentRegistry.Entry(LifecycleAction.class, new ParseField(name), parse);
    }

    @Override
    public String getName() {
        return "lifecycles" + path.replace('/', '_');
    }

    @Override
    public List<Route> routes() {
        return List.of(
            new Route(PUT, path + "/{name}"), new Route(GET, path + "/{name}"), new Route(DELETE, path + "/{name}"),
            new Route(GET, path));
    }

    @Override
    protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) throws IOException {
        String name = request.param("name");
        if (request.method() == PUT) {
            try (XContentParser parser = request.contentParser()) {
                ToXContentObject policy = parse.apply(parser, name);
                kept.compute(name, (same, old) ->
                    new Kept(policy, old == null ? 1 : old.version + 1, System.currentTimeMillis()));
            }
            return Lifecycles::acknowledge;
        }
        if (request.method() == DELETE) {
            kept.remove(name);
            return Lifecycles::acknowledge;
        }
        if (name == null) {
            return channel -> channel.sendResponse(new RestResponse(RestStatus.OK, told(channel.newBuilder(), kept)));
        }
        Kept found = kept.get(name);
        return channel -> channel.sendResponse(found == null
            ? new RestResponse(RestStatus.NOT_FOUND, channel.newBuilder().startObject().endObject())
            : new RestResponse(RestStatus.OK, told(channel.newBuilder(), Map.of(name, found))));
    }

    private static void acknowledge(RestChannel channel) throws IOException {
        channel.sendResponse(new RestResponse(RestStatus.OK,
            channel.newBuilder().startObject().field("acknowledged", true).endObject()));
    }

    private static XContentBuilder told(XContentBuilder builder, Map<String, Kept> found) throws IOException {
        builder.startObject();
        for (Map.Entry<String, Kept> entry : found.entrySet()) {
            builder.startObject(entry.getKey())
                .field("version", entry.getValue().version)
                .field("modified_date", entry.getValue().modified)
                .field("policy", entry.getValue().policy, ToXContent.EMPTY_PARAMS)
                .endObject();
        }
        return builder.endObject();
    }
}
