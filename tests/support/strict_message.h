// A strict HTTP/1.1 reader for tests (RFC 9112 and nothing more lenient), written without a look at proxy/http and
// sharing no code with it: the other opinion in every differential test.
//
// It refuses whatever two recipients could read in two ways; it is slow and holds whole messages. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace switchyard::test {

struct StrictMessage {
    std::string method, target;  // requests
    int status = 0;              // responses
    int minor = 1;
    std::vector<std::pair<std::string, std::string>> fields;  // names in lower case
    std::string body;
    std::vector<std::string> trailers;
    bool chunked = false;
    bool until_close = false;
    std::size_t size = 0;  // of the whole message in bytes

    // All values of that name.
    std::vector<std::string> values(std::string_view lower_name) const;
};

struct StrictResult {
    enum class Outcome { whole, partial, bad };
    Outcome outcome = Outcome::partial;
    const char* why = "";
    StrictMessage message;
};

StrictResult read_strict_request(std::string_view bytes);
// `method` is the request's; `ended`: the connection was closed in order behind these bytes.
StrictResult read_strict_response(std::string_view bytes, std::string_view method, bool ended);

}  // namespace switchyard::test
