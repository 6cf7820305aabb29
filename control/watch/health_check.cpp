#include "control/watch/health_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "config/model/expression.h"
#include "control/net/http_client.h"
#include "control/watch/grpc_health.h"
#include "control/watch/program_check.h"
#include "proxy/http/characters.h"
#include "proxy/http/proxy_protocol.h"

namespace switchyard::control {
namespace {

using Type = config::Health::Type;

constexpr std::size_t kMostBody = 64 * 1024;  // that a check reads; a longer one is no answer of a check

std::string host_of(const config::Address& address, const config::Health& health) {
    if (!health.host.empty()) return health.host;
    return address.kind == config::Address::Kind::unix_path ? "localhost" : address.text();
}

std::string words_of(const std::vector<config::StatusRange>& ranges) {
    std::string out;
    for (const auto& range : ranges) out += (out.empty() ? "" : ", ") + range.text();
    return out;
}

net::HttpCall call_for(const config::Health& health) {
    net::HttpCall call;
    if (health.type == Type::grpc) {
        call = grpc_health_call(health.service);
    } else {
        call.method = health.method;
        call.target = health.path;
        for (const auto& [name, value] : health.headers) call.headers.emplace_back(name, value);
        call.headers.emplace_back("Connection", "close");
        call.until = health.type == Type::tcp      ? net::HttpCall::Until::connected
                     : health.body_matches.empty() ? net::HttpCall::Until::head
                                                   : net::HttpCall::Until::end;
        call.most_body = kMostBody;
    }
    const auto names_itself = [](const auto& header) {
        return switchyard::http::equals_ignoring_case(header.first, "user-agent");
    };
    if (std::ranges::none_of(call.headers, names_itself)) call.headers.emplace_back("User-Agent", "switchyard-health");
    call.limit = health.timeout;
    return call;
}

std::string trouble_of(const net::HttpAnswer& answer, const config::Health& health) {
    if (health.type == Type::grpc) return grpc_health_trouble(answer, health.service);
    if (health.type == Type::tcp) return {};
    if (!contains(health.expect, answer.status))
        return fmt::format("answered {}, expected {}", answer.status, words_of(health.expect));
    if (health.body_matches.empty()) return {};
    const auto expression = config::expression_of(health.body_matches);
    if (expression && config::found_in(*expression, answer.body)) return {};
    return fmt::format("answered {}, and its body does not match", answer.status);
}

// What the program is told: whom to look at. None of it comes from a client.
CheckProgram program_for(const config::Address& address, const config::Address& configured,
                         const config::Health& health, CheckBy by) {
    const bool has_port = address.kind != config::Address::Kind::unix_path;
    return {std::move(by.program),
            {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C",
             "SWITCHYARD_UPSTREAM=" + by.upstream, "SWITCHYARD_ENDPOINT=" + configured.text(),
             "SWITCHYARD_HOST=" + address.host,
             fmt::format("SWITCHYARD_PORT={}", !has_port          ? 0
                                               : health.port != 0 ? health.port
                                                                  : address.port)}};
}

bool asks_to_be_drained(const net::HttpAnswer& answer, const config::Health& health) {
    if (health.type != Type::http || health.drain.none()) return false;
    if (contains(health.drain.statuses, answer.status)) return true;
    return !health.drain.header.empty() && std::ranges::any_of(answer.headers, [&](const auto& header) {
        return switchyard::http::equals_ignoring_case(header.first, health.drain.header);
    });
}

}  // namespace

boost::asio::awaitable<CheckResult> check_endpoint(config::Address address, config::Address configured,
                                                   config::Health health, CheckBy by) {
    if (health.type == Type::exec) {
        auto program = program_for(address, configured, health, std::move(by));
        co_return co_await check_by_program(std::move(program), health.timeout);
    }
    net::EndpointWay way{std::move(address)};
    if (health.port != 0 && way.to.kind != config::Address::Kind::unix_path) way.to.port = health.port;
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
    if (asks_to_be_drained(answer, health)) co_return CheckResult{true, false, {}, true};
    auto trouble = trouble_of(answer, health);
    const bool well = trouble.empty();
    co_return CheckResult{well, false, std::move(trouble)};
}

}  // namespace switchyard::control
