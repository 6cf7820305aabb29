// One rule that one field of a request broke.
//
// `pointer` is a JSON pointer into the request body ("/title"), `detail` says what was expected instead.
// Pure. Threads: any.
#pragma once

#include <string>
#include <vector>

namespace forum {

struct FieldError {
    std::string pointer;
    std::string detail;

    friend bool operator==(const FieldError&, const FieldError&) = default;
};

using FieldErrors = std::vector<FieldError>;

}  // namespace forum
