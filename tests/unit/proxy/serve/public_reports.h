// Public bug reports of other proxies, as conversations: who says what, and what the other one must and must not see.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "exchanges.h"

namespace switchyard::test {

enum class Does : unsigned char {
    client_sends,
    client_sees,
    client_lacks,        // in all that it has seen since it last sent
    client_counts_one,   // of this text, in all that it has seen
    client_gets,         // exactly this, since it last sent
    client_gets_octets,  // so many of 'x', and not one more
    client_half_closes,
    client_leaves,
    client_ends,        // its connection is closed, in order
    client_goes_on,     // its connection is at a border of messages: the next request on it is answered, by this answer
                        // alone
    endpoint_connects,  // a new connection comes to the endpoint
    endpoint_sees,
    endpoint_lacks,
    endpoint_field,  // "Name=value": all the lines of that name, joined by '|'; "-" is none
    endpoint_says,
    endpoint_says_octets,  // so many of 'x'
    endpoint_closes,
    endpoint_hears_nothing,  // no further connection comes, and nothing more on this one
    same_connection,         // the next request comes to the endpoint on the connection that is there
    fresh_connection,        // ... and on another one
    blamed_for,              // what is told of the endpoint's last answer contains this
    time_passes,             // milliseconds
    second_client,           // another client speaks from here on
};

struct Exchanged {
    Does does;
    std::string text = {};
    std::size_t number = 0;
};

struct Report {
    const char* source;  // owner/repository#number on GitHub, of one thread or several
    const char* what;    // in our words
    std::vector<Exchanged> steps;
    std::string route = {}, listener = {};  // keys of the configuration
    const char* from = "192.0.2.7";         // where the client seems to come from
};

inline const std::string kHost = "Host: a\r\n";
inline const std::string kHead = "HEAD / HTTP/1.1\r\n" + kHost + "\r\n";
inline const std::string kUpgrade = "GET /ws HTTP/1.1\r\n" + kHost +
                                    "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
                                    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\r\n";

inline std::string get(const std::string& fields) {
    return "GET / HTTP/1.1\r\n" + kHost + fields + "\r\n";
}
inline std::string response(const std::string& status, const std::string& rest) {
    return "HTTP/1.1 " + status + "\r\n" + rest;
}

// Plays each, and checks what its steps say.
void play(std::span<const Report> reports);

}  // namespace switchyard::test
