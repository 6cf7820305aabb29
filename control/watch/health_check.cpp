#include "control/watch/health_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "control/watch/grpc_health.h"
#include "control/watch/outbound_call.h"
#include "proxy/http/proxy_protocol.h"

namespace switchyard::control {
namespace {

std::string host_for(const config::Address& address, const config::Health& health) {
    if (!health.host.empty()) return health.host;
    return address.kind == config::Address::Kind::unix_path ? "localhost" : address.text();
}

std::string request_for(const config::Address& address, const config::Health& health) {
    return fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: switchyard-health\r\nConnection: close\r\n\r\n",
                       health.path, host_for(address, health));
}

}  // namespace

boost::asio::awaitable<CheckResult> check_endpoint(config::Address address, config::Address configured,
                                                   config::Health health, CheckBy by) {
    using Type = config::Health::Type;
    const bool connects_only = health.type == Type::tcp;
    OutboundCall call{address, "", health.timeout, {}};
    if (health.type == Type::http) call.request = request_for(configured, health);
    if (health.type == Type::grpc) {
        call.request = grpc_health_request(host_for(configured, health), health.service);
        call.most_body = kMostHealthAnswer;
    }
    if (by.send_proxy_protocol != 0) call.preface = switchyard::http::own_proxy_header(by.send_proxy_protocol);
    // A call of gRPC is HTTP/2 also where endpoints may choose: one that chooses otherwise is told so.
    call.protocol = health.type == Type::grpc ? config::EndpointProtocol::http2 : by.protocol;
    if (by.tls) {
        call.tls = std::move(by.tls);
        call.sessions = std::move(by.sessions);
        if (configured.kind != config::Address::Kind::unix_path) call.host = configured.host;
    }
    const auto outcome = co_await make_call(std::move(call));
    if (!outcome.error.empty()) co_return CheckResult{false, outcome.our_shortage, outcome.error};
    if (health.type == Type::grpc) {
        std::string trouble = grpc_health_trouble(outcome, health.service);
        co_return CheckResult{trouble.empty(), false, std::move(trouble)};
    }
    if (connects_only || std::ranges::find(health.expect, outcome.status) != health.expect.end())
        co_return CheckResult{true, false, {}};
    co_return CheckResult{false, false,
                          fmt::format("answered {}, expected {}", outcome.status, fmt::join(health.expect, ", "))};
}

}  // namespace switchyard::control
