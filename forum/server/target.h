// The target of a request line as its path and its query, with %XX undone.
//
// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace forum {

struct Target {
    std::string path;
    std::vector<std::pair<std::string, std::string>> query;
};

// A target may name the scheme and the host before the path (RFC 9112 §3.2.2); here is only one host. A % that no two
// digits follow stands for itself, and a + in the query for a space.
Target target_from(std::string_view text);

}  // namespace forum
