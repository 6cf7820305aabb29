#include "control/rollout/runner/http_call.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace switchyard::control::rollout {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr auto kNothrow = asio::as_tuple(asio::use_awaitable);
constexpr std::uint32_t kHeadLimit = 16 * 1024;  // nobody reads the answer beyond its status

HttpOutcome failed(std::string_view doing, const boost::system::error_code& ec) {
    const std::string why = ec == beast::error::timeout ? "no answer in time" : ec.message();
    return {0, std::string(doing) + ": " + why};
}

asio::awaitable<HttpOutcome> call(Url url, std::string body, Duration timeout) {
    const auto executor = co_await asio::this_coro::executor;
    tcp::resolver resolver(executor);
    auto [unknown, addresses] = co_await resolver.async_resolve(url.host, url.port, kNothrow);
    if (unknown) co_return failed("looking up " + url.host, unknown);
    beast::tcp_stream stream(executor);
    stream.expires_after(timeout);
    auto [refused, where] = co_await stream.async_connect(addresses, kNothrow);
    if (refused) co_return failed("connecting", refused);

    http::request<http::string_body> request{body.empty() ? http::verb::get : http::verb::post, url.target, 11};
    request.set(http::field::host, url.host + ":" + url.port);
    request.set(http::field::user_agent, "switchyard-rollout");
    request.set(http::field::connection, "close");
    if (!body.empty()) request.set(http::field::content_type, "application/json");
    request.body() = std::move(body);
    request.prepare_payload();
    auto [unsent, sent] = co_await http::async_write(stream, request, kNothrow);
    if (unsent) co_return failed("sending", unsent);

    beast::flat_buffer buffer;
    http::response_parser<http::empty_body> parser;
    parser.header_limit(kHeadLimit);
    auto [unread, read] = co_await http::async_read_header(stream, buffer, parser, kNothrow);
    if (unread) co_return failed("waiting for the answer", unread);
    const unsigned status = parser.get().result_int();
    HttpOutcome outcome{status, {}};
    if (!outcome.ok()) outcome.error = "answered " + std::to_string(status);
    co_return outcome;
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

void http_call(asio::any_io_executor executor, const std::string& url, const std::string& body, Duration timeout,
               HttpDone done) {
    auto parsed = Url::parse(url);
    if (!parsed) return done({0, "not a URL: " + url});
    asio::co_spawn(executor, call(std::move(*parsed), body, timeout),
                   [done = std::move(done)](std::exception_ptr thrown, HttpOutcome outcome) {
                       if (thrown) outcome = {0, "the call failed"};
                       done(std::move(outcome));
                   });
}

}  // namespace switchyard::control::rollout
