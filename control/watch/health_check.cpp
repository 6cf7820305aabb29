#include "control/watch/health_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "control/watch/outbound_call.h"
#include "proxy/http/proxy_protocol.h"

namespace switchyard::control {
namespace {

std::string request_for(const config::Address& address, const config::Health& health) {
    std::string host = health.host;
    if (host.empty()) host = address.kind == config::Address::Kind::unix_path ? "localhost" : address.text();
    return fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: switchyard-health\r\nConnection: close\r\n\r\n",
                       health.path, host);
}

}  // namespace

boost::asio::awaitable<CheckResult> check_endpoint(config::Address address, config::Address configured,
                                                   config::Health health, CheckBy by) {
    const bool connects_only = health.type == config::Health::Type::tcp;
    OutboundCall call{address, connects_only ? "" : request_for(configured, health), health.timeout, {}};
    if (by.send_proxy_protocol != 0) call.preface = switchyard::http::own_proxy_header(by.send_proxy_protocol);
    call.protocol = by.protocol;
    if (by.tls) {
        call.tls = std::move(by.tls);
        call.sessions = std::move(by.sessions);
        if (configured.kind != config::Address::Kind::unix_path) call.host = configured.host;
    }
    const auto outcome = co_await make_call(std::move(call));
    if (!outcome.error.empty()) co_return CheckResult{false, outcome.our_shortage, outcome.error};
    if (connects_only || std::ranges::find(health.expect, outcome.status) != health.expect.end())
        co_return CheckResult{true, false, {}};
    co_return CheckResult{false, false,
                          fmt::format("answered {}, expected {}", outcome.status, fmt::join(health.expect, ", "))};
}

}  // namespace switchyard::control
