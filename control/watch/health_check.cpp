#include "control/watch/health_check.h"

#include <fmt/format.h>

#include <utility>

#include "config/model/expression.h"
#include "control/watch/grpc_health.h"
#include "control/watch/outbound_call.h"
#include "proxy/http/characters.h"
#include "proxy/http/proxy_protocol.h"

namespace switchyard::control {
namespace {

constexpr std::size_t kMostBody = 64 * 1024;  // that a check reads; a longer one is no answer of a check

std::string host_for(const config::Address& address, const config::Health& health) {
    if (!health.host.empty()) return health.host;
    return address.kind == config::Address::Kind::unix_path ? "localhost" : address.text();
}

std::string request_for(const config::Address& address, const config::Health& health) {
    std::string headers;
    bool names_itself = false;
    for (const auto& [name, value] : health.headers) {
        names_itself = names_itself || http::equals_ignoring_case(name, "user-agent");
        headers += fmt::format("{}: {}\r\n", name, value);
    }
    if (!names_itself) headers += "User-Agent: switchyard-health\r\n";
    if (health.method == "POST") headers += "Content-Length: 0\r\n";
    return fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n{}Connection: close\r\n\r\n", health.method, health.path,
                       host_for(address, health), headers);
}

std::string words_of(const std::vector<config::StatusRange>& ranges) {
    std::string out;
    for (const auto& range : ranges) out += (out.empty() ? "" : ", ") + range.text();
    return out;
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
    if (health.port != 0 && address.kind != config::Address::Kind::unix_path) call.to.port = health.port;
    if (health.type == Type::http && !health.body_matches.empty()) call.most_body = kMostBody;
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
    if (health.type == Type::http && !health.body_matches.empty() && contains(health.expect, outcome.status)) {
        const auto expression = config::expression_of(health.body_matches);
        if (!expression || !config::found_in(*expression, outcome.body))
            co_return CheckResult{false, false,
                                  fmt::format("answered {}, and its body does not match", outcome.status)};
    }
    if (connects_only || contains(health.expect, outcome.status)) co_return CheckResult{true, false, {}};
    co_return CheckResult{false, false,
                          fmt::format("answered {}, expected {}", outcome.status, words_of(health.expect))};
}

}  // namespace switchyard::control
