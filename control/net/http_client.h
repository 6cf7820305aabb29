// HTTP/1.1 to one server outside, and HTTP/2 where an endpoint is spoken to so; in clear or by TLS, on the caller's
// loop: a call with a body and an answer as a whole, its head alone, or an answer that goes on, line by line; or only
// a connection.
//
// One connection, kept between calls (one of HTTP/2 is not); calls wait for each other. Interim answers are passed
//   over. A kept connection that turns out to be closed before a byte of the answer has come is made anew, once: the
//   call had then not been read.
// Limits: each call says how long it may take as a whole – looking the name up, connecting, TLS and all – and how large
//   its answer may be. A stream says how long it may be silent, and how long a line may be. What goes on without end
//   ends with the client.
// Threads: that of its executor, which it never blocks (names are looked up by Asio's own thread, authorities are read
//   beside). Errors: words in the answer, with what was being done. After the destructor nothing is called any more.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/model/address.h"
#include "config/model/upstream.h"
#include "control/net/tls_client.h"
#include "proxy/net/tls_outward.h"

namespace switchyard::control::net {

// An endpoint, spoken to as the data plane speaks to it.
struct EndpointWay {
    config::Address to;
    std::string_view preface = {};                                     // said before all else; outlives the client
    std::shared_ptr<const switchyard::net::OutwardTls> tls = nullptr;  // null: in clear
    std::string name = {};                                             // whom TLS asks for
    std::shared_ptr<switchyard::net::TlsSessions> sessions = nullptr;  // of the connections before; with tls
    config::EndpointProtocol protocol = config::EndpointProtocol::http1;
};

// Where it is: "http://host[:port]" or "https://host[:port]".
struct HttpServer {
    std::string url;                           // of an endpoint only what it calls itself: "http://" and the Host field
    TlsClientSettings tls = {};                // of https
    std::optional<EndpointWay> endpoint = {};  // connected to in place of the URL's host
};

struct HttpCall {
    // How much of a call there is.
    enum class Until : std::uint8_t {
        connected,  // nothing is asked; TLS has shaken hands, and it was heard whether they were liked
        head,       // of the answer; its body is not waited for, and the connection not kept
        end
    };
    std::string method = "GET";
    std::string target = "/";
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = {};
    std::chrono::milliseconds limit{5000};  // of the whole call; of a stream: of its silences
    std::size_t most_body = 8 << 20;        // of a stream: of one line
    Until until = Until::end;
};

struct HttpAnswer {
    unsigned status = 0;  // 0: there is none, and `error` says why, unless none was asked for
    std::string error;
    bool our_shortage = false;                        // of descriptors, ports or memory: says nothing of the other side
    std::map<std::string, std::string> headers = {};  // by name in lower case
    std::string body = {};
    std::string trailers = {};  // of HTTP/2, with an answer as a whole: "name: value" CRLF each
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
    boost::asio::awaitable<HttpAnswer> ask(HttpCall call);
    // Each line of a good answer, without its end, as it comes; then `done`, when the answer has ended or broken off.
    // The body of an answer that is not 2xx is in `done`, and so is what stands behind the last line of a good one.
    void stream(HttpCall call, Line line, Done done);

  private:
    class Connection;
    struct Begin;
    std::shared_ptr<Connection> connection_;
};

}  // namespace switchyard::control::net
