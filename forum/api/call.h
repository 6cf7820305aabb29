// One request and its answer, as the nouns of the API see them: no sockets, no HTTP library.
//
// Values: a call belongs to one thread at a time and owns its texts. Errors: a Refusal carries the answer to give.
#pragma once

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "forum/domain/field_error.h"
#include "forum/domain/instant.h"
#include "forum/domain/role.h"

namespace forum {

// Who calls; row 0 is a guest.
struct Caller {
    std::int64_t row = 0;
    std::int64_t session = 0;
    std::string username;
    Role role = Role::guest;
    bool banned = false;
};

struct Call {
    std::string method;
    std::string path;
    std::vector<std::pair<std::string, std::string>> query;
    std::string body;
    std::string content_type;
    std::string authorization;
    std::string if_match;
    std::string if_none_match;
    std::optional<std::string> idempotency_key;
    std::string address;  // of the client, as far as the proxies in between can be trusted
    std::string request_id;
    bool direct = false;                // from this machine and through no proxy, by a program and not for a web page
    std::function<bool()> client_gone;  // the answer is not waited for any more; empty: not known

    // Filled in by the dispatcher.
    std::vector<std::string> arguments;  // what stood for the {…} of the pattern, in order
    Caller caller;

    std::optional<std::string> parameter(std::string_view name) const {
        for (const auto& [key, value] : query) {
            if (key == name) return value;
        }
        return std::nullopt;
    }
};

struct Answer {
    int status = 200;
    std::string body;
    std::string content_type = "application/json";
    std::string etag;  // with its quotes; empty: made from the body of a successful GET
    std::string location;
    std::vector<std::pair<std::string, std::string>> headers;
};

// An RFC 9457 problem; `slug` is the last part of its type.
Answer problem(int status, std::string_view slug, std::string_view detail, const FieldErrors& errors = {});

// Thrown by a noun to answer with a problem from anywhere, also from inside a change, which is then rolled back.
class Refusal : public std::runtime_error {
  public:
    explicit Refusal(Answer answer) : std::runtime_error("refused"), answer_(std::move(answer)) {}
    const Answer& answer() const { return answer_; }

  private:
    Answer answer_;
};

[[noreturn]] void refuse(int status, std::string_view slug, std::string_view detail, const FieldErrors& errors = {});
[[noreturn]] void refuse_not_found(std::string_view what);
// 422 when there are any.
void refuse_if_any(const FieldErrors& errors);

}  // namespace forum
