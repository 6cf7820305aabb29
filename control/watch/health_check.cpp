#include "control/watch/health_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <vector>

namespace switchyard::control {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using local = asio::local::stream_protocol;

constexpr auto kNothrow = asio::as_tuple(asio::use_awaitable);
// A health answer is a status line and a few fields.
constexpr std::uint32_t kHeadLimit = 16 * 1024;

std::string words(const boost::system::error_code& ec) {
    return ec == beast::error::timeout ? "no answer in time" : ec.message();
}

template <class Stream>
asio::awaitable<CheckResult> ask(Stream& stream, config::Address address, config::Health health) {
    http::request<http::empty_body> request{http::verb::get, health.path, 11};
    std::string host = health.host;
    if (host.empty()) host = address.kind == config::Address::Kind::unix_path ? "localhost" : address.text();
    request.set(http::field::host, host);
    request.set(http::field::user_agent, "switchyard-health");
    request.set(http::field::connection, "close");
    auto [sent, sent_bytes] = co_await http::async_write(stream, request, kNothrow);
    if (sent) co_return CheckResult{false, "sending the request: " + words(sent)};

    beast::flat_buffer buffer;
    http::response_parser<http::empty_body> parser;
    parser.header_limit(kHeadLimit);
    auto [read, read_bytes] = co_await http::async_read_header(stream, buffer, parser, kNothrow);
    if (read) co_return CheckResult{false, "waiting for the answer: " + words(read)};
    const auto status = static_cast<std::uint16_t>(parser.get().result_int());
    if (std::find(health.expect.begin(), health.expect.end(), status) != health.expect.end())
        co_return CheckResult{true, {}};
    co_return CheckResult{false, fmt::format("answered {}, expected {}", status, fmt::join(health.expect, ", "))};
}

asio::awaitable<CheckResult> check_unix(config::Address address, config::Health health) {
    beast::basic_stream<local> stream(co_await asio::this_coro::executor);
    stream.expires_after(health.timeout);
    const local::endpoint endpoint(address.host);
    auto [connected] = co_await stream.async_connect(endpoint, kNothrow);
    if (connected) co_return CheckResult{false, "connecting: " + words(connected)};
    if (health.type == config::Health::Type::tcp) co_return CheckResult{true, {}};
    co_return co_await ask(stream, address, health);
}

asio::awaitable<CheckResult> check_tcp(config::Address address, config::Health health) {
    const auto executor = co_await asio::this_coro::executor;
    std::vector<tcp::endpoint> endpoints;
    if (address.kind == config::Address::Kind::name) {
        tcp::resolver resolver(executor);
        const auto port = std::to_string(address.port);
        auto [found, results] = co_await resolver.async_resolve(address.host, port, kNothrow);
        if (found) co_return CheckResult{false, "looking the name up: " + words(found)};
        for (const auto& result : results) endpoints.push_back(result.endpoint());
    } else {
        boost::system::error_code ec;
        const auto ip = asio::ip::make_address(address.host, ec);
        if (ec) co_return CheckResult{false, "not an address: " + address.host};
        endpoints.emplace_back(ip, address.port);
    }
    beast::tcp_stream stream(executor);
    stream.expires_after(health.timeout);
    // Only the first address: the data plane uses the first one as well.
    const auto endpoint = endpoints.front();
    auto [connected] = co_await stream.async_connect(endpoint, kNothrow);
    if (connected) co_return CheckResult{false, "connecting: " + words(connected)};
    if (health.type == config::Health::Type::tcp) co_return CheckResult{true, {}};
    co_return co_await ask(stream, address, health);
}

}  // namespace

asio::awaitable<CheckResult> check_endpoint(config::Address address, config::Health health) {
    if (address.kind == config::Address::Kind::unix_path) co_return co_await check_unix(address, health);
    co_return co_await check_tcp(address, health);
}

}  // namespace switchyard::control
