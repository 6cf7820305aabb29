#include "control/net/http_client.h"

#include <fmt/format.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>

#include "control/net/answer_reader.h"
#include "control/net/call_wire.h"
#include "control/net/http2_question.h"
#include "control/net/http_request.h"
#include "control/net/patient_read.h"
#include "proxy/base/log.h"
#include "proxy/net/shortage.h"

namespace switchyard::control::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Error = boost::system::error_code;

using AnyStream = asio::generic::stream_protocol;  // TCP and unix sockets alike

constexpr auto kNothrow = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kReadSize = 4096;
// What a side that has taken our certificate may need for its goodbye; who says none has refused nothing.
constexpr std::chrono::milliseconds kLastWord{500};

// Seconds. A firewall that forgets a connection, and a machine that has gone, are otherwise silent for as long as a
// stream may be silent; so they are noticed within half a minute.
constexpr int kKeepAliveAfter = 10, kKeepAliveEvery = 5, kKeepAliveTimes = 3;

template <int Name>
using TcpOption = asio::detail::socket_option::integer<IPPROTO_TCP, Name>;

}  // namespace

// Calls keep it alive until they have ended; `over` tells them that no caller waits.
class HttpClient::Connection : public std::enable_shared_from_this<Connection> {
  public:
    struct Job {
        HttpCall call;
        Line line;  // none: as a whole
        Done done;
    };

    Connection(const asio::any_io_executor& executor, HttpServer server)
        : executor_(executor),
          server_(std::move(server)),
          place_(HttpPlace::of(server_.url)),
          resolver_(executor),
          timer_(executor),
          have_tls_(executor) {}

    void add(Job job) {
        if (working_) return jobs_.push_back(std::move(job));
        working_ = true;
        asio::co_spawn(executor_, work(shared_from_this(), std::move(job)), asio::detached);
    }
    void abandon() {
        over_ = true;
        jobs_.clear();
        cancel();
        timer_.cancel();
    }

  private:
    using Protocol = config::EndpointProtocol;
    // Null, and `why` says which file cannot be used.
    struct ReadTls {
        std::shared_ptr<const switchyard::net::OutwardTls> tls;
        std::string why;
    };

    // The first job is its own: a caller that is told at its end may own the client.
    static asio::awaitable<void> work(std::shared_ptr<Connection> self, Job job) {
        while (!self->over_) {
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
            if (self->over_ || self->jobs_.empty()) break;
            job = std::move(self->jobs_.front());
            self->jobs_.pop_front();
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
        have_tls_.cancel();
        if (wire_) wire_->cancel();
    }
    // No operation is under way.
    void hang_up() {
        cancel();
        wire_.reset();
        unread_.clear();
    }
    HttpAnswer failed(const std::string& doing, const Error& error) {
        HttpAnswer out;
        const std::string trouble = wire_ && !late_ ? wire_->trouble() : "";
        out.our_shortage = !late_ && trouble.empty() && error.category() == boost::system::system_category() &&
                           switchyard::net::is_our_shortage(error.value());
        if (trouble.empty())
            out.error = fmt::format("{}: {}", doing, late_ ? "no answer in time" : error.message());
        else
            out.error = (server_.endpoint ? "" : server_.url + ": ") + trouble;
        hang_up();
        return out;
    }

    asio::awaitable<HttpAnswer> run(Job& job) {
        late_ = false;
        limit(job.call.limit);
        const bool kept = wire_ != nullptr;
        bool begun = false;
        auto answer = co_await once(job, begun);
        if (kept && answer.status == 0 && !begun && !late_ && !over_) answer = co_await once(job, begun);
        co_return answer;
    }
    asio::awaitable<HttpAnswer> once(Job& job, bool& begun) {
        if (!wire_)
            if (auto why = co_await connect(); !why.error.empty()) co_return why;
        if (job.call.until == HttpCall::Until::connected) co_return co_await hear_last_word(job.call.limit);
        if (speaks_http2()) co_return co_await exchange_in_http2(job);
        co_return co_await exchange(job, begun);
    }
    bool speaks_http2() const {
        if (!server_.endpoint || server_.endpoint->protocol == Protocol::http1) return false;
        return server_.endpoint->protocol == Protocol::http2 || wire_->chose_http2();
    }
    // A connection that was made for its own sake has nothing more to do.
    asio::awaitable<HttpAnswer> hear_last_word(std::chrono::milliseconds most) {
        HttpAnswer out;
        if (server_.endpoint && server_.endpoint->tls) {
            limit(std::min(most, kLastWord));
            co_await wire_->hear_last_word();
            out.error = wire_->trouble();
        }
        hang_up();
        co_return out;
    }

    asio::awaitable<HttpAnswer> find(std::vector<AnyStream::endpoint>& places) {
        const auto* endpoint = server_.endpoint ? &server_.endpoint->to : nullptr;
        const auto& host = endpoint == nullptr ? place_.host : endpoint->host;
        const auto port = endpoint == nullptr ? place_.port : std::to_string(endpoint->port);
        Error unknown;
        if (endpoint != nullptr && endpoint->kind == config::Address::Kind::unix_path) {
            places.emplace_back(asio::local::stream_protocol::endpoint(host));
        } else if (const auto ip = asio::ip::make_address(host, unknown); endpoint != nullptr && !unknown) {
            places.emplace_back(tcp::endpoint(ip, endpoint->port));
        } else {
            auto [error, found] = co_await resolver_.async_resolve(host, port, kNothrow);
            if (error || late_ || over_) co_return failed("looking up " + host, error);
            for (const auto& result : found) places.emplace_back(result.endpoint());
        }
        co_return HttpAnswer{};
    }
    asio::awaitable<HttpAnswer> connect() {
        std::vector<AnyStream::endpoint> places;
        if (auto why = co_await find(places); !why.error.empty()) co_return why;
        Error refused = asio::error::host_not_found;
        wire_ = std::make_unique<CallWire>(executor_);
        for (const auto& place : places) {
            Error ignored;
            wire_->socket.close(ignored);
            auto [error] = co_await wire_->socket.async_connect(place, kNothrow);
            refused = error;
            if (!error || late_ || over_) break;
        }
        if (refused || late_ || over_)
            co_return failed(server_.endpoint ? "connecting" : "connecting to " + server_.url, refused);
        if (server_.endpoint) co_return co_await introduce(*server_.endpoint);
        watch_over(wire_->socket);
        if (place_.secure) co_return co_await secure();
        co_return HttpAnswer{};
    }
    // One that stays silent for long.
    static void watch_over(AnyStream::socket& socket) {
        Error ignored;
        socket.set_option(tcp::no_delay(true), ignored);
        socket.set_option(asio::socket_base::keep_alive(true), ignored);
        socket.set_option(TcpOption<TCP_KEEPIDLE>(kKeepAliveAfter), ignored);
        socket.set_option(TcpOption<TCP_KEEPINTVL>(kKeepAliveEvery), ignored);
        socket.set_option(TcpOption<TCP_KEEPCNT>(kKeepAliveTimes), ignored);
    }
    asio::awaitable<HttpAnswer> introduce(const EndpointWay& endpoint) {
        if (!endpoint.preface.empty()) {
            const auto unsent = co_await wire_->write(endpoint.preface);
            if (unsent || late_ || over_) co_return failed("sending the request", unsent);
        }
        if (!endpoint.tls) co_return HttpAnswer{};
        using Offer = switchyard::net::Tls::Offer;
        const Offer offer = endpoint.protocol == Protocol::http1   ? Offer::nothing
                            : endpoint.protocol == Protocol::http2 ? Offer::http2
                                                                   : Offer::http2_or_1;
        const auto refused = co_await wire_->secure(*endpoint.tls, endpoint.name, endpoint.sessions, offer);
        if (refused || late_ || over_) co_return failed("the TLS handshake", refused);
        if (endpoint.protocol == Protocol::http2 && !wire_->chose_http2())
            co_return broken("TLS: the endpoint does not offer HTTP/2 (ALPN)");
        co_return HttpAnswer{};
    }
    // The files are read for each connection: a program that hands them out exchanges them. The machine's own
    // authorities are read once.
    asio::awaitable<HttpAnswer> find_tls() {
        if (tls_ && server_.tls.ca_file.empty() && server_.tls.chain_file.empty()) co_return HttpAnswer{};
        const auto doing =
            "reading " + (server_.tls.ca_file.empty() ? std::string("the machine's authorities") : server_.tls.ca_file);
        const auto got = std::make_shared<std::optional<ReadTls>>();
        have_tls_.expires_at(asio::steady_timer::time_point::max());
        if (!files_) files_.emplace(executor_);
        files_->ask(
            [settings = server_.tls] {
                ReadTls out;
                out.tls = read_tls_client(settings, &out.why);
                return out;
            },
            [this, got, doing](std::optional<ReadTls> read) {
                *got = read ? std::move(*read) : ReadTls{nullptr, doing + ": its disk does not answer"};
                have_tls_.cancel();
            });
        while (!*got && !late_ && !over_) co_await have_tls_.async_wait(kNothrow);
        if (late_ || over_) co_return failed(doing, Error{});
        if (!(*got)->tls) co_return broken((*got)->why);
        tls_ = (*got)->tls;
        co_return HttpAnswer{};
    }
    asio::awaitable<HttpAnswer> secure() {
        if (auto why = co_await find_tls(); !why.error.empty()) co_return why;
        // Settings that are read anew are others: no connection comes back by the sessions of those before.
        const auto refused = co_await wire_->secure(
            *tls_, place_.host, std::make_shared<switchyard::net::TlsSessions>(), switchyard::net::Tls::Offer::nothing);
        if (refused || late_ || over_) co_return failed("TLS with " + server_.url, refused);
        co_return HttpAnswer{};
    }

    asio::awaitable<HttpAnswer> exchange(Job& job, bool& begun) {
        const auto unsent = co_await wire_->write(request_text(job.call, place_.said));
        if (unsent || late_ || over_) co_return failed("sending the request", unsent);
        const bool head_only = job.call.until == HttpCall::Until::head;
        AnswerReader reader(job.call.method, head_only);
        std::array<char, kReadSize> octets;
        for (bool ended = false; !ended;) {
            const auto [error, size] = co_await wire_->read_some(octets);
            begun = begun || size > 0;
            const bool closed = error == asio::error::eof && reader.ended() == AnswerReader::Outcome::done;
            if (late_ || over_ || (error && !closed))
                co_return failed(reader.has_head() ? "reading the answer" : "waiting for the answer", error);
            unread_.append(octets.data(), size);
            const bool lines = job.line != nullptr;
            const auto outcome = reader.feed(unread_, lines ? AnswerReader::kNoLimit : job.call.most_body);
            if (outcome == AnswerReader::Outcome::refused) co_return broken(reader.why());
            if (lines && reader.has_head())
                if (const auto why = take_lines(job, reader); !why.empty()) co_return broken(why);
            if (over_) co_return HttpAnswer{};
            if (lines && reader.has_head()) limit(job.call.limit);
            ended = closed || outcome == AnswerReader::Outcome::done;
        }
        HttpAnswer out;
        out.status = reader.status();
        out.headers = reader.headers();
        out.body = std::move(reader.body());
        if (head_only || !reader.keep_alive() || !unread_.empty()) hang_up();
        co_return out;
    }
    asio::awaitable<HttpAnswer> exchange_in_http2(const Job& job) {
        Http2Question question(request_text(job.call, place_.said), server_.endpoint->tls ? "https" : "http",
                               job.call.until == HttpCall::Until::head ? 0 : job.call.most_body);
        std::array<char, kReadSize> octets;
        for (;;) {
            if (const auto output = question.take_output(); !output.empty()) {
                const auto unsent = co_await wire_->write(output);
                if (unsent || late_ || over_) co_return failed("sending the request", unsent);
            }
            if (question.over()) break;
            const auto [error, size] = co_await wire_->read_some(octets);
            if (error || late_ || over_) co_return failed("waiting for the answer", error);
            unread_.append(octets.data(), size);
            unread_.erase(0, question.feed(unread_, 0));
        }
        if (!question.error().empty()) co_return broken(question.error());
        HttpAnswer out;
        out.status = question.status();
        out.headers = question.headers();
        out.body = std::move(question.body());
        out.trailers = question.trailers();
        hang_up();
        co_return out;
    }
    // What is whole of a good answer; of another one the body is kept for its end.
    std::string take_lines(const Job& job, AnswerReader& reader) {
        if (reader.status() / 100 == 2) return give_lines(job, reader.body());
        return reader.body().size() > job.call.most_body ? "the answer is too large" : "";
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
    const HttpPlace place_;
    tcp::resolver resolver_;
    asio::steady_timer timer_;
    std::optional<PatientRead<ReadTls>> files_;  // once there are some to be read
    asio::steady_timer have_tls_;                // for ever, until it is cancelled
    std::shared_ptr<const switchyard::net::OutwardTls> tls_;
    std::unique_ptr<CallWire> wire_;  // null: not connected
    std::string unread_;
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

// It lives in the frame of a coroutine with external linkage, and so it has a name.
struct HttpClient::Begin {
    HttpClient& client;
    template <class Handler>
    void operator()(Handler handler, HttpCall call) const {
        const auto held = std::make_shared<Handler>(std::move(handler));
        client.ask(std::move(call), [held](HttpAnswer answer) { (*held)(std::move(answer)); });
    }
};

asio::awaitable<HttpAnswer> HttpClient::ask(HttpCall call) {
    return asio::async_initiate<const asio::use_awaitable_t<>&, void(HttpAnswer)>(Begin{*this}, asio::use_awaitable,
                                                                                  std::move(call));
}

void HttpClient::stream(HttpCall call, Line line, Done done) {
    connection_->add({std::move(call), std::move(line), std::move(done)});
}

}  // namespace switchyard::control::net
