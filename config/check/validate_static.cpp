#include <algorithm>

#include "config/check/checks.h"
#include "config/check/http_syntax.h"

namespace switchyard::config {
namespace {

void check_folder(Checks& checks, const std::string& at, const std::string& folder) {
    if (folder.empty()) return;
    if (!folder.starts_with('/') || folder.find('\0') != std::string::npos)
        checks.fail(at, fmt::format("\"{}\": expected the path of a folder that begins with '/'", folder));
}

bool is_name(const std::string& text) {
    return !text.empty() && text != "." && text != ".." && text.find('\0') == std::string::npos;
}

}  // namespace

void check_static(Checks& checks, const std::string& at, const Route& route) {
    const StaticFiles& files = route.static_files;
    if (!files.on()) {
        if (files != StaticFiles{})
            checks.fail(
                at,
                R"(expected where the files are: "root" for the whole path, or "alias" for what is behind path_prefix)");
        return;
    }
    check_folder(checks, at + "/root", files.root);
    check_folder(checks, at + "/alias", files.alias);
    if (!files.root.empty() && !files.alias.empty())
        checks.fail(at + "/alias", "expected one of root and alias: they say in two ways where the files are");
    if (!files.alias.empty() && !route.match.path_exact.empty())
        checks.fail(at + "/alias",
                    "alias is for what is behind match.path_prefix; with path_exact there is nothing behind: use root");
    if (files.index.size() > kMostIndexes)
        checks.fail(at + "/index",
                    fmt::format("at most {} names are allowed, found {}", kMostIndexes, files.index.size()));
    for (std::size_t i = 0; i < files.index.size(); ++i)
        if (!is_name(files.index[i]) || files.index[i].find('/') != std::string::npos)
            checks.fail(pointer_to(at + "/index", i),
                        fmt::format("\"{}\": expected the name of a file, such as index.html", files.index[i]));
    if (!files.fallback.empty() && (!files.fallback.starts_with('/') || files.fallback.ends_with('/') ||
                                    files.fallback.find('\0') != std::string::npos))
        checks.fail(
            at + "/fallback",
            fmt::format("\"{}\": expected the path of a file below the folder, such as /index.html", files.fallback));
    if (files.types.size() > kMostTypes)
        checks.fail(at + "/types",
                    fmt::format("at most {} types are allowed, found {}", kMostTypes, files.types.size()));
    for (const auto& [ending, type] : files.types) {
        if (!ending.starts_with('.') || ending.size() < 2)
            checks.fail(pointer_to(at + "/types", ending),
                        fmt::format("\"{}\": expected the ending of a name with its dot, such as .wasm", ending));
        if (type.empty() || !is_field_value(type) || type.find('/') == std::string::npos)
            checks.fail(pointer_to(at + "/types", ending),
                        fmt::format("\"{}\": expected a media type, such as application/wasm", type));
    }
    for (std::size_t i = 0; i < files.precompressed.size(); ++i)
        if (std::count(files.precompressed.begin(), files.precompressed.begin() + static_cast<std::ptrdiff_t>(i),
                       files.precompressed[i]) != 0)
            checks.fail(pointer_to(at + "/precompressed", i),
                        fmt::format("\"{}\" is there twice", word(files.precompressed[i])));
}

}  // namespace switchyard::config
