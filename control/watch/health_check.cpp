#include "control/watch/health_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "control/net/http_client.h"
#include "control/watch/grpc_health.h"
#include "proxy/http/proxy_protocol.h"

namespace switchyard::control {
namespace {

using Type = config::Health::Type;

std::string host_of(const config::Address& address, const config::Health& health) {
    if (!health.host.empty()) return health.host;
    return address.kind == config::Address::Kind::unix_path ? "localhost" : address.text();
}

net::HttpCall call_for(const config::Health& health) {
    net::HttpCall call;
    if (health.type == Type::grpc) {
        call = grpc_health_call(health.service);
    } else {
        call.target = health.path;
        call.headers = {{"Connection", "close"}};
        call.until = health.type == Type::tcp ? net::HttpCall::Until::connected : net::HttpCall::Until::head;
    }
    call.headers.emplace_back("User-Agent", "switchyard-health");
    call.limit = health.timeout;
    return call;
}

std::string trouble_of(const net::HttpAnswer& answer, const config::Health& health) {
    if (health.type == Type::grpc) return grpc_health_trouble(answer, health.service);
    if (health.type == Type::tcp || std::ranges::find(health.expect, answer.status) != health.expect.end()) return {};
    return fmt::format("answered {}, expected {}", answer.status, fmt::join(health.expect, ", "));
}

}  // namespace

boost::asio::awaitable<CheckResult> check_endpoint(config::Address address, config::Address configured,
                                                   config::Health health, CheckBy by) {
    net::EndpointWay way{std::move(address)};
    if (by.send_proxy_protocol != 0) way.preface = switchyard::http::own_proxy_header(by.send_proxy_protocol);
    // A call of gRPC is HTTP/2 also where endpoints may choose: one that chooses otherwise is told so.
    way.protocol = health.type == Type::grpc ? config::EndpointProtocol::http2 : by.protocol;
    if (by.tls) {
        way.tls = std::move(by.tls);
        way.sessions = std::move(by.sessions);
        if (configured.kind != config::Address::Kind::unix_path) way.name = configured.host;
    }
    const auto executor = co_await boost::asio::this_coro::executor;
    // Each by itself: g++ 12 ends a temporary of an aggregate twice that stands in a statement with co_await.
    net::HttpServer server{"http://" + host_of(configured, health), {}, std::move(way)};
    net::HttpClient client(executor, std::move(server));
    auto call = call_for(health);
    const auto answer = co_await client.ask(std::move(call));
    if (!answer.error.empty()) co_return CheckResult{false, answer.our_shortage, answer.error};
    auto trouble = trouble_of(answer, health);
    const bool well = trouble.empty();
    co_return CheckResult{well, false, std::move(trouble)};
}

}  // namespace switchyard::control
