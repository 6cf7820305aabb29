// HTTP/1.1 to one server outside, in clear or by TLS, on the caller's loop: a call with a body and an answer as
// a whole, or an answer that goes on, line by line.
//
// One connection, kept between calls; calls wait for each other. A kept connection that turns out to be closed before
//   a byte of the answer has come is made anew, once: the call had then not been read.
// Limits: each call says how long it may take as a whole – looking the name up, connecting, TLS and all – and how large
//   its answer may be. A stream says how long it may be silent, and how long a line may be. What goes on without end
//   ends with the client.
// Threads: that of its executor, which it never blocks (names are looked up by Asio's own thread, authorities are read
//   beside). Errors: words in the answer, with what was being done. After the destructor nothing is called any more.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/net/tls_client.h"

namespace switchyard::control::net {

// Where it is: "http://host[:port]" or "https://host[:port]".
struct HttpServer {
    std::string url;
    TlsClientSettings tls = {};  // of https
};

struct HttpCall {
    std::string method = "GET";
    std::string target = "/";
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = {};
    std::chrono::milliseconds limit{5000};  // of the whole call; of a stream: of its silences
    std::size_t most_body = 8 << 20;        // of a stream: of one line
};

struct HttpAnswer {
    unsigned status = 0;  // 0: there is none, and `error` says why
    std::string error;
    std::map<std::string, std::string> headers = {};  // by name in lower case
    std::string body = {};
    bool ok() const { return status >= 200 && status < 300; }
    const std::string& header(const std::string& name) const {
        static const std::string kNone;
        const auto it = headers.find(name);
        return it == headers.end() ? kNone : it->second;
    }
};

class HttpClient {
  public:
    using Done = std::function<void(HttpAnswer)>;
    using Line = std::function<void(std::string_view)>;

    HttpClient(const boost::asio::any_io_executor& executor, HttpServer server);
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    // `done` runs from the loop, once; it may ask again, or end the client.
    void ask(HttpCall call, Done done);
    // Each line of a good answer, without its end, as it comes; then `done`, when the answer has ended or broken off.
    // The body of an answer that is not 2xx is in `done`, and so is what stands behind the last line of a good one.
    void stream(HttpCall call, Line line, Done done);

  private:
    class Connection;
    std::shared_ptr<Connection> connection_;
};

}  // namespace switchyard::control::net
