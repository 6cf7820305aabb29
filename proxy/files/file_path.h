// Which file a path of a request means, as text: below the root.
//
// Pure. `path` is a request's as it was routed (Asked::facts): it begins with '/', and its escapes are octets already.
// What looks like one still is a part of a name: read once more, it would mean a file that no guard was asked for.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace switchyard::files {

// Relative to the root; ends with '/' where the path does, and is empty for "/". Nothing: it means no file, whatever
// there is – NUL, segments "." and "..", a name that begins with a dot unless `dot_files`.
std::optional<std::string> file_path(std::string_view path, bool dot_files);

// By the ending of its name: a media type.
std::string_view content_type(std::string_view name);

}  // namespace switchyard::files
