#include "forum/server/http_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "forum/domain/ascii.h"
#include "forum/server/connection_threads.h"
#include "forum/server/socket_stream.h"

namespace forum {

namespace {

// cpp-httplib listens with a backlog of five, which a burst of new connections overflows.
constexpr int kBacklog = 1'024;
// How often a waiting thread looks whether other connections need it.
constexpr std::chrono::milliseconds kIdleSlice{1'000};
// How much of an unread request is thrown away before closing, so that the refusal reaches its reader instead of a
// reset.
constexpr std::size_t kLingerBytes = 1'024 * 1'024;
constexpr timeval kLingerTime{1, 0};

// A request may be this much larger than its body: head, and the overhead of chunks of one byte each.
constexpr std::size_t kHeadBytes = 64 * 1'024;
constexpr std::size_t kChunkOverhead = 6;

// What the handler of a request and the loop that serves its connection tell each other.
thread_local bool t_close_after_answer = false;
thread_local const SocketStream* t_stream = nullptr;

void set_options(int socket) {
    const int on = 1;
    // Only SO_REUSEADDR: with cpp-httplib's own SO_REUSEPORT a second instance would silently share the port.
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // inherited by accepted sockets
}

bool is_loopback(const std::string& address) {
    return address == "::1" || address.starts_with("127.");
}

// Some proxies add to the line that came, others add one of their own behind it.
std::string last_forwarded(const httplib::Request& request) {
    const std::size_t lines = request.get_header_value_count("X-Forwarded-For");
    const std::string list = lines == 0 ? "" : request.get_header_value("X-Forwarded-For", lines - 1);
    const std::size_t comma = list.rfind(',');
    std::string last = comma == std::string::npos ? list : list.substr(comma + 1);
    last.erase(0, last.find_first_not_of(' '));
    return last;
}

bool expects_body(const httplib::Request& request) {
    return request.method != "GET" && request.method != "HEAD" && request.method != "OPTIONS";
}

// Methods for which the library has a place to register what answers them; it refuses others with 400 once it has read
// the body.
bool reads_body(const httplib::Request& request) {
    return request.method == "POST" || request.method == "PUT" || request.method == "PATCH" ||
           request.method == "DELETE";
}

// The library takes forms apart by itself, and what it cannot take apart is 400. Nothing here asks for one: without its
// body it is refused for its type.
bool is_form(const httplib::Request& request) {
    const std::string type = request.get_header_value("Content-Type");
    return type.starts_with("multipart/form-data") || type.starts_with("application/x-www-form-urlencoded");
}

struct Framing {
    std::size_t length = 0;
    bool chunked = false;
    std::string refusal;
};

Framing framing_of(const httplib::Request& request) {
    Framing framing;
    const std::size_t lengths = request.get_header_value_count("Content-Length");
    const std::size_t codings = request.get_header_value_count("Transfer-Encoding");
    if (codings > 0) {
        framing.chunked = true;
        if (lengths > 0) framing.refusal = "Content-Length and Transfer-Encoding exclude each other";
        if (codings > 1 || request.get_header_value("Transfer-Encoding") != "chunked") {
            framing.refusal = "the only transfer coding understood here is chunked";
        }
    } else if (lengths > 0) {
        const std::string text = request.get_header_value("Content-Length");
        const auto parsed = std::from_chars(text.data(), text.data() + text.size(), framing.length);
        if (lengths > 1 || parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) {
            framing.refusal = "Content-Length must be one plain number";
        }
    }
    if (!t_stream->head().fault().empty()) framing.refusal = t_stream->head().fault();
    if (!expects_body(request) && (framing.chunked || framing.length > 0)) {
        framing.refusal = "a " + request.method + " request has no body here";
    }
    return framing;
}

void put(const Answer& answer, httplib::Response& response) {
    response.status = answer.status;
    for (const auto& [name, value] : answer.headers) response.set_header(name, value);
    if (!answer.etag.empty()) response.set_header("ETag", answer.etag);
    if (!answer.location.empty()) response.set_header("Location", answer.location);
    if (!answer.body.empty()) response.set_content(answer.body, answer.content_type);
}

Answer too_large() {
    return problem(413, "too-large", "the request body is larger than this program takes");
}

// A target may name the scheme and the host before the path (RFC 9112 §3.2.2); here is only one host.
std::string path_of(const httplib::Request& request) {
    constexpr std::string_view kScheme = "http://";
    const std::string_view target = request.path;
    if (!equals_in_any_case(target.substr(0, kScheme.size()), kScheme)) return request.path;
    const std::size_t slash = target.find('/', kScheme.size());
    return slash == std::string_view::npos ? "/" : std::string(target.substr(slash));
}

Call call_from(const httplib::Request& request) {
    Call call;
    call.method = request.method;
    call.path = path_of(request);
    for (const auto& [name, value] : request.params) call.query.emplace_back(name, value);
    call.body = request.body;
    call.content_type = request.get_header_value("Content-Type");
    call.authorization = request.get_header_value("Authorization");
    call.if_match = request.get_header_value("If-Match");
    call.if_none_match = request.get_header_value("If-None-Match");
    call.idempotency_key = t_stream->head().idempotency_key();
    call.request_id = request.get_header_value("X-Request-Id");
    call.address = request.remote_addr;
    const bool local = is_loopback(call.address);
    const bool forwarded = request.has_header("X-Forwarded-For") || request.has_header("Forwarded");
    call.direct = local && !forwarded && !request.has_header("Via");
    // Only a proxy on this machine is believed, and of its list only what it added itself.
    if (local && forwarded) call.address = last_forwarded(request);
    return call;
}

}  // namespace

class HttpServer::Listener : public httplib::Server {
  public:
    Listener(const HttpOptions& options, Lifecycle& lifecycle, HttpServer::Handler answer)
        : options_(options), lifecycle_(lifecycle), answer_(std::move(answer)), wake_(::eventfd(0, EFD_CLOEXEC)) {
        if (wake_ < 0) throw std::runtime_error("eventfd failed");
        set_socket_options(&set_options);
        set_payload_max_length(options_.body_limit);
        // What the library tells clients in Keep-Alive; the loop below is what keeps to it.
        set_keep_alive_max_count(options_.requests_per_connection);
        set_keep_alive_timeout(std::chrono::duration_cast<std::chrono::seconds>(options_.idle_limit).count());
        set_default_headers({{"X-Forum-Version", lifecycle_.version_label}, {"X-Forum-Colour", lifecycle_.colour}});
        new_task_queue = [this] { return new ConnectionThreads(options_.connections, lifecycle_); };
        route();
        bind();
    }

    ~Listener() override { ::close(wake_); }

    int port() const { return port_; }

    void begin_stop() {
        stopping_ = true;
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t told = ::write(wake_, &one, sizeof one);
        // The library may not be listening yet; stop() is a no-op then, so run() looks at stopping_ as well.
        while (!is_running() && !ended_) std::this_thread::yield();
        stop();
    }

    void run() {
        listen_after_bind();
        ended_ = true;
    }

  private:
    void bind() {
        errno = 0;
        if (options_.port == 0) {
            port_ = bind_to_any_port(options_.bind);
        } else {
            port_ = bind_to_port(options_.bind, options_.port) ? options_.port : -1;
        }
        if (port_ < 0) {
            const int why = errno;
            const bool told = why == EADDRINUSE || why == EADDRNOTAVAIL || why == EACCES;
            throw std::runtime_error("cannot listen on " + options_.bind + ":" + std::to_string(options_.port) + ": " +
                                     (told ? std::strerror(why) : "that is no address of this machine") +
                                     (why == EADDRINUSE ? " (is another instance running there?)" : ""));
        }
        ::listen(svr_sock_, kBacklog);
    }

    void route() {
        // Requests without a body are answered here; the rest goes on to be read and comes back through `handle`.
        set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
            const Framing framing = framing_of(request);
            if (!framing.refusal.empty()) {
                put(problem(400, "bad-framing", framing.refusal), response);
                close_after(response);
                return HandlerResponse::Handled;
            }
            if (framing.length > options_.body_limit) {
                put(too_large(), response);
                close_after(response);
                return HandlerResponse::Handled;
            }
            const bool has_body = framing.chunked || framing.length > 0;
            if (has_body && reads_body(request) && !is_form(request)) return HandlerResponse::Unhandled;
            handle(request, response);
            if (has_body) close_after(response);
            return HandlerResponse::Handled;
        });
        const auto handler = [this](const httplib::Request& request, httplib::Response& response) {
            handle(request, response);
        };
        constexpr const char* kAnyPath = "[\\s\\S]*";  // a dot would leave out line ends, which come as %0A
        Post(kAnyPath, handler);
        Put(kAnyPath, handler);
        Patch(kAnyPath, handler);
        Delete(kAnyPath, handler);
        // What the library refuses by itself gets the body that all refusals have.
        set_error_handler([this](const httplib::Request&, httplib::Response& response) {
            if (response.body.empty() && t_stream->too_large()) {
                put(too_large(), response);
                close_after(response);
            } else if (response.body.empty()) {
                put(problem(response.status, "http", "the request could not be read as HTTP/1.1"), response);
                close_after(response);
            }
        });
    }

    void handle(const httplib::Request& request, httplib::Response& response) {
        if (request.body.size() > options_.body_limit) {
            put(too_large(), response);
            return;
        }
        Call call = call_from(request);
        put(answer_(call), response);
        response.set_header("X-Request-Id", call.request_id);
    }

    void close_after(httplib::Response& response) {
        t_close_after_answer = true;
        response.set_header("Connection", "close");
    }

    bool process_and_close_socket(socket_t socket) override {
        ++lifecycle_.connections;
        SocketStream stream(socket, wake_, options_.request_limit, kHeadBytes + kChunkOverhead * options_.body_limit);
        t_stream = &stream;
        std::size_t served = 0;
        t_close_after_answer = false;
        while (!t_close_after_answer && wait_for_request(stream)) {
            const bool last = ++served == options_.requests_per_connection || stopping_ || lifecycle_.draining;
            bool client_closes = false;
            stream.begin_request();
            const bool written = process_request(stream, last, client_closes, [](httplib::Request& request) {
                // Compressing every answer costs more than it saves; ranges of JSON serve nobody.
                request.headers.erase("Accept-Encoding");
                request.ranges.clear();
            });
            if (!stream.flush() || !written || last || client_closes) break;
        }
        if (t_close_after_answer) linger(socket);
        ::shutdown(socket, SHUT_RDWR);
        ::close(socket);
        --lifecycle_.connections;
        return true;
    }

    bool wait_for_request(SocketStream& stream) {
        for (auto waited = std::chrono::milliseconds(0); waited < options_.idle_limit; waited += kIdleSlice) {
            const SocketStream::Wait outcome = stream.wait_for_request(std::min(kIdleSlice, options_.idle_limit));
            if (outcome != SocketStream::Wait::idle) return outcome == SocketStream::Wait::request;
            if (lifecycle_.connections_waiting > 0) return false;
        }
        return false;
    }

    static void linger(int socket) {
        ::shutdown(socket, SHUT_WR);
        ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &kLingerTime, sizeof kLingerTime);
        std::array<char, 16'384> unread;
        std::size_t total = 0;
        for (ssize_t got = 1; got > 0 && total < kLingerBytes;
             total += static_cast<std::size_t>(std::max<ssize_t>(got, 0))) {
            got = ::recv(socket, unread.data(), unread.size(), 0);
        }
    }

    HttpOptions options_;
    Lifecycle& lifecycle_;
    HttpServer::Handler answer_;
    int wake_;
    int port_ = -1;
    std::atomic<bool> stopping_ = false;
    std::atomic<bool> ended_ = false;
};

HttpServer::HttpServer(const HttpOptions& options, Lifecycle& lifecycle, Handler answer)
    : listener_(std::make_unique<Listener>(options, lifecycle, std::move(answer))) {}

HttpServer::~HttpServer() = default;

int HttpServer::port() const {
    return listener_->port();
}
void HttpServer::run() {
    listener_->run();
}
void HttpServer::stop() {
    listener_->begin_stop();
}

}  // namespace forum
