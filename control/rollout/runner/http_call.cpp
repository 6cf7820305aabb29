#include "control/rollout/runner/http_call.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <charconv>
#include <utility>

namespace switchyard::control::rollout {

namespace {

std::string request_for(const Url& url, const std::string& body) {
    const std::string host = url.host.find(':') == url.host.npos ? url.host : "[" + url.host + "]";
    const std::string rest =
        body.empty() ? "\r\n"
                     : fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
    return fmt::format("{} {} HTTP/1.1\r\nHost: {}:{}\r\nUser-Agent: switchyard-rollout\r\nConnection: close\r\n{}",
                       body.empty() ? "GET" : "POST", url.target, host, url.port, rest);
}

}  // namespace

std::optional<Url> Url::parse(std::string_view text) {
    constexpr std::string_view kScheme = "http://";
    if (!text.starts_with(kScheme)) return std::nullopt;
    text.remove_prefix(kScheme.size());
    const auto slash = std::min(text.find('/'), text.size());
    const std::string_view authority = text.substr(0, slash);
    Url url;
    url.target = slash == text.size() ? "/" : std::string(text.substr(slash));
    const auto bracket = authority.rfind(']');
    const auto colon = authority.rfind(':');
    const bool has_port = colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
    url.host = std::string(authority.substr(0, has_port ? colon : authority.size()));
    url.port = has_port ? std::string(authority.substr(colon + 1)) : "80";
    if (url.host.size() > 2 && url.host.front() == '[') url.host = url.host.substr(1, url.host.size() - 2);
    if (url.host.empty() || url.port.empty()) return std::nullopt;
    return url;
}

void http_call(boost::asio::any_io_executor executor, const std::string& url, const std::string& body, Duration timeout,
               HttpDone done) {
    const auto parsed = Url::parse(url);
    std::uint16_t port = 0;
    if (parsed) std::from_chars(parsed->port.data(), parsed->port.data() + parsed->port.size(), port);
    if (port == 0) return done({0, "not a URL: " + url});
    OutboundCall call{{config::Address::Kind::name, parsed->host, port}, request_for(*parsed, body), timeout, false};
    boost::asio::co_spawn(executor, make_call(std::move(call)),
                          [done = std::move(done)](const std::exception_ptr& thrown, HttpOutcome outcome) {
                              if (thrown) outcome = {0, "the call failed"};
                              if (outcome.error.empty() && !outcome.ok())
                                  outcome.error = "answered " + std::to_string(outcome.status);
                              done(std::move(outcome));
                          });
}

}  // namespace switchyard::control::rollout
