#include "control/net/http_client.h"

#include <fmt/format.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cctype>
#include <deque>
#include <optional>

#include "config/model/address.h"
#include "control/net/patient_read.h"
#include "proxy/base/log.h"

namespace switchyard::control::net {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
namespace bhttp = boost::beast::http;
using asio::ip::tcp;
using Error = boost::system::error_code;

constexpr auto kNothrow = asio::as_tuple(asio::use_awaitable);

// Seconds. A firewall that forgets a connection, and a machine that has gone, are otherwise silent for as long as a
// stream may be silent; so they are noticed within half a minute.
constexpr int kKeepAliveAfter = 10, kKeepAliveEvery = 5, kKeepAliveTimes = 3;

template <int Name>
using TcpOption = asio::detail::socket_option::integer<IPPROTO_TCP, Name>;

std::string lowered(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

}  // namespace

// Calls keep it alive until they have ended; `over` tells them that no caller waits.
class HttpClient::Connection : public std::enable_shared_from_this<Connection> {
  public:
    struct Place {
        bool secure = false;
        std::string host, port;
    };

    static Place place_of(const std::string& url) {
        Place out;
        out.secure = url.starts_with("https://");
        std::string rest =
            url.substr(std::min(url.size(), std::string_view(out.secure ? "https://" : "http://").size()));
        rest = rest.substr(0, rest.find('/'));
        const auto bracket = rest.rfind(']');
        const auto colon = rest.rfind(':');
        const bool has_port = colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
        out.port = has_port ? rest.substr(colon + 1) : out.secure ? "443" : "80";
        out.host = has_port ? rest.substr(0, colon) : rest;
        if (out.host.starts_with('[') && out.host.ends_with(']')) out.host = out.host.substr(1, out.host.size() - 2);
        return out;
    }
    struct Job {
        HttpCall call;
        Line line;  // none: as a whole
        Done done;
    };

    Connection(const asio::any_io_executor& executor, HttpServer server)
        : executor_(executor),
          server_(std::move(server)),
          place_(place_of(server_.url)),
          resolver_(executor),
          timer_(executor),
          contexts_(executor),
          have_context_(executor) {}

    void add(Job job) {
        jobs_.push_back(std::move(job));
        if (std::exchange(working_, true)) return;
        asio::co_spawn(executor_, work(shared_from_this()), asio::detached);
    }
    void abandon() {
        over_ = true;
        jobs_.clear();
        cancel();
        timer_.cancel();
    }

  private:
    using Plain = tcp::socket;
    using Secure = ssl::stream<tcp::socket>;

    // Null, and `why` says which file cannot be read.
    struct MadeContext {
        std::shared_ptr<ssl::context> context;
        std::string why;
    };

    static asio::awaitable<void> work(std::shared_ptr<Connection> self) {
        while (!self->over_ && !self->jobs_.empty()) {
            auto job = std::move(self->jobs_.front());
            self->jobs_.pop_front();
            // A caller that is told may throw; those behind it are served all the same.
            try {
                auto answer = co_await self->run(job);
                self->timer_.cancel();
                if (auto done = std::exchange(job.done, nullptr); done && !self->over_) done(std::move(answer));
            } catch (const std::exception& error) {
                self->timer_.cancel();
                self->hang_up();
                log_error("a call to {} has failed by a fault of this program: {}", self->server_.url, error.what());
                self->broke_off(job, error.what());
            }
        }
        self->working_ = false;
    }

    // Its caller is told once: not again where it was the telling that failed.
    void broke_off(Job& job, const std::string& why) {
        auto done = std::exchange(job.done, nullptr);
        if (!done || over_) return;
        HttpAnswer answer;
        answer.error = why;
        try {
            done(std::move(answer));
        } catch (const std::exception& error) {
            log_error("the end of a call to {} could not be told: {}", server_.url, error.what());
        }
    }

    // However the call ends, the timer has ended with it.
    void limit(std::chrono::milliseconds time) {
        timer_.expires_after(time);
        timer_.async_wait([weak = weak_from_this()](Error ec) {
            const auto self = weak.lock();
            if (ec || !self) return;
            // One that was set anew while this was on its way.
            if (self->timer_.expiry() > asio::steady_timer::clock_type::now()) return;
            self->late_ = true;
            self->cancel();
        });
    }
    void cancel() {
        resolver_.cancel();
        have_context_.cancel();
        if (socket() != nullptr) {
            Error ignored;
            socket()->close(ignored);
        }
    }
    tcp::socket* socket() {
        if (secure_) return &secure_->next_layer();
        return plain_ ? &*plain_ : nullptr;
    }
    void hang_up() {
        cancel();
        plain_.reset();
        secure_.reset();
        buffer_.consume(buffer_.size());
    }
    HttpAnswer failed(std::string_view doing, const Error& error) {
        hang_up();
        HttpAnswer out;
        out.error = fmt::format("{}: {}", doing, late_ ? "no answer in time" : error.message());
        return out;
    }

    asio::awaitable<HttpAnswer> run(Job& job) {
        late_ = false;
        limit(job.call.limit);
        const bool kept = socket() != nullptr;
        bool begun = false;
        auto answer = co_await once(job, begun);
        if (kept && answer.status == 0 && !begun && !late_ && !over_) answer = co_await once(job, begun);
        co_return answer;
    }
    asio::awaitable<HttpAnswer> once(Job& job, bool& begun) {
        if (socket() == nullptr)
            if (auto why = co_await connect(); !why.error.empty()) co_return why;
        if (secure_) co_return co_await exchange(*secure_, job, begun);
        co_return co_await exchange(*plain_, job, begun);
    }

    asio::awaitable<HttpAnswer> connect() {
        auto [unknown, found] = co_await resolver_.async_resolve(place_.host, place_.port, kNothrow);
        if (unknown || late_ || over_) co_return failed("looking up " + place_.host, unknown);
        Error refused = asio::error::host_not_found;
        plain_.emplace(executor_);
        for (const auto& result : found) {
            Error ignored;
            plain_->close(ignored);
            auto [error] = co_await plain_->async_connect(result.endpoint(), kNothrow);
            refused = error;
            if (!error || late_ || over_) break;
        }
        if (refused || late_ || over_) co_return failed("connecting to " + server_.url, refused);
        Error ignored;
        plain_->set_option(tcp::no_delay(true), ignored);
        plain_->set_option(asio::socket_base::keep_alive(true), ignored);
        plain_->set_option(TcpOption<TCP_KEEPIDLE>(kKeepAliveAfter), ignored);
        plain_->set_option(TcpOption<TCP_KEEPINTVL>(kKeepAliveEvery), ignored);
        plain_->set_option(TcpOption<TCP_KEEPCNT>(kKeepAliveTimes), ignored);
        if (place_.secure)
            if (auto why = co_await secure(); !why.error.empty()) co_return why;
        co_return HttpAnswer{};
    }
    // The files are read for each connection: a program that hands them out exchanges them. The machine's own
    // authorities are read once.
    asio::awaitable<HttpAnswer> find_context() {
        if (context_ && server_.tls.ca_file.empty() && server_.tls.chain_file.empty()) co_return HttpAnswer{};
        const auto doing =
            "reading " + (server_.tls.ca_file.empty() ? std::string("the machine's authorities") : server_.tls.ca_file);
        const auto got = std::make_shared<std::optional<MadeContext>>();
        have_context_.expires_at(asio::steady_timer::time_point::max());
        contexts_.ask(
            [tls = server_.tls] {
                MadeContext out;
                out.context = make_tls_client_context(tls, &out.why);
                return out;
            },
            [this, got, doing](std::optional<MadeContext> made) {
                *got = made ? std::move(*made) : MadeContext{nullptr, doing + ": its disk does not answer"};
                have_context_.cancel();
            });
        while (!*got && !late_ && !over_) co_await have_context_.async_wait(kNothrow);
        if (late_ || over_) co_return failed(doing, Error{});
        if (!(*got)->context) co_return broken((*got)->why);
        context_ = (*got)->context;
        co_return HttpAnswer{};
    }
    asio::awaitable<HttpAnswer> secure() {
        if (auto why = co_await find_context(); !why.error.empty()) co_return why;
        secure_.emplace(std::move(*plain_), *context_);
        plain_.reset();
        aim(secure_->native_handle(), server_.tls, place_.host);
        auto [refused] = co_await secure_->async_handshake(ssl::stream_base::client, kNothrow);
        if (refused || late_ || over_) {
            const auto trouble = tls_trouble(secure_->native_handle(), refused);
            auto out = failed("TLS with " + server_.url, refused);
            if (!late_) out.error = fmt::format("TLS with {}: {}", server_.url, trouble.words);
            co_return out;
        }
        co_return HttpAnswer{};
    }

    template <class Stream>
    asio::awaitable<HttpAnswer> exchange(Stream& stream, Job& job, bool& begun) {
        bhttp::request<bhttp::string_body> request;
        request.method_string(job.call.method);
        request.target(job.call.target);
        request.version(11);
        request.set(bhttp::field::host, server_.url.substr(server_.url.find("//") + 2));
        request.set(bhttp::field::user_agent, "switchyard");
        for (const auto& [name, value] : job.call.headers) request.set(name, value);
        request.body() = job.call.body;
        if (!job.call.body.empty() || job.call.method != "GET") request.prepare_payload();
        auto [unsent, sent] = co_await bhttp::async_write(stream, request, kNothrow);
        if (unsent) co_return failed("sending the request", unsent);

        bhttp::response_parser<bhttp::string_body> parser;
        parser.eager(true);
        parser.body_limit(job.line ? boost::optional<std::uint64_t>()
                                   : boost::optional<std::uint64_t>(job.call.most_body));
        auto [unread, size] = co_await bhttp::async_read_header(stream, buffer_, parser, kNothrow);
        begun = parser.got_some() || buffer_.size() > 0;
        if (unread) co_return failed("waiting for the answer", unread);
        while (!parser.is_done()) {
            const bool lines = job.line && parser.get().result_int() / 100 == 2;
            if (lines) {
                if (const auto why = give_lines(job, parser.get().body()); !why.empty()) co_return broken(why);
                if (over_) co_return HttpAnswer{};
                limit(job.call.limit);
            } else if (parser.get().body().size() > job.call.most_body) {
                co_return broken("the answer is too large");
            }
            auto [error, bytes] = co_await bhttp::async_read_some(stream, buffer_, parser, kNothrow);
            if (error && !(error == bhttp::error::end_of_stream && parser.is_done()))
                co_return failed("reading the answer", error);
        }
        if (job.line && parser.get().result_int() / 100 == 2)
            if (const auto why = give_lines(job, parser.get().body()); !why.empty()) co_return broken(why);
        HttpAnswer out;
        out.status = parser.get().result_int();
        for (const auto& field : parser.get()) {
            const auto name = field.name_string(), value = field.value();
            out.headers[lowered({name.data(), name.size()})] = std::string(value.data(), value.size());
        }
        if (!parser.get().keep_alive()) hang_up();
        out.body = std::move(parser.get().body());
        co_return out;
    }
    HttpAnswer broken(std::string why) {
        hang_up();
        HttpAnswer out;
        out.error = std::move(why);
        return out;
    }
    // What is whole of `text` is given and taken out of it.
    std::string give_lines(const Job& job, std::string& text) {
        std::size_t from = 0;
        for (auto end = text.find('\n', from); end != std::string::npos && !over_; end = text.find('\n', from)) {
            job.line(std::string_view(text).substr(from, end - from));
            from = end + 1;
        }
        text.erase(0, from);
        return text.size() > job.call.most_body ? "a line of the answer is too long" : "";
    }

    const asio::any_io_executor executor_;
    const HttpServer server_;
    const Place place_;
    tcp::resolver resolver_;
    asio::steady_timer timer_;
    PatientRead<MadeContext> contexts_;
    asio::steady_timer have_context_;  // for ever, until it is cancelled
    std::shared_ptr<ssl::context> context_;
    std::optional<Plain> plain_;
    std::optional<Secure> secure_;
    boost::beast::flat_buffer buffer_;
    std::deque<Job> jobs_;
    bool working_ = false, late_ = false, over_ = false;
};

HttpClient::HttpClient(const asio::any_io_executor& executor, HttpServer server)
    : connection_(std::make_shared<Connection>(executor, std::move(server))) {}

HttpClient::~HttpClient() {
    connection_->abandon();
}

void HttpClient::ask(HttpCall call, Done done) {
    connection_->add({std::move(call), nullptr, std::move(done)});
}

void HttpClient::stream(HttpCall call, Line line, Done done) {
    connection_->add({std::move(call), std::move(line), std::move(done)});
}

}  // namespace switchyard::control::net
