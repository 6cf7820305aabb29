// A route that answers with files of a folder.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/model/compress.h"

namespace switchyard::config {

struct StaticFiles {
    std::string root;   // the request's path is looked for below it …
    std::string alias;  // … or what is behind the route's path_prefix, below this one
    std::vector<std::string> index{"index.html"};
    std::string fallback;                      // a path, answered with 200 where there is no file
    std::vector<Encoding> precompressed;       // FILE.br, FILE.zst, FILE.gz beside it, the best that the client takes
    std::map<std::string, std::string> types;  // ".ending" → its Content-Type
    bool dot_files = false;                    // names that begin with a dot are answered, too
    bool operator==(const StaticFiles&) const = default;

    bool on() const { return !root.empty() || !alias.empty(); }
    const std::string& folder() const { return root.empty() ? alias : root; }
};

inline constexpr std::size_t kMostIndexes = 8;
inline constexpr std::size_t kMostTypes = 200;

}  // namespace switchyard::config
