#include "proxy/files/file_path.h"

#include <algorithm>
#include <array>
#include <utility>

#include "proxy/http/characters.h"

namespace switchyard::files {
namespace {

bool names_a_file(std::string_view path, bool dot_files) {
    while (!path.empty()) {
        const std::string_view segment = path.substr(0, path.find('/'));
        if (segment == "." || segment == ".." || (!dot_files && segment.starts_with('.'))) return false;
        path.remove_prefix(std::min(path.size(), segment.size() + 1));
    }
    return true;
}

// Those that browsers care about; sorted by ending.
constexpr std::array<std::pair<std::string_view, std::string_view>, 44> kTypes{{
    {"7z", "application/x-7z-compressed"},
    {"aac", "audio/aac"},
    {"atom", "application/atom+xml"},
    {"avif", "image/avif"},
    {"bmp", "image/bmp"},
    {"css", "text/css; charset=utf-8"},
    {"csv", "text/csv; charset=utf-8"},
    {"eot", "application/vnd.ms-fontobject"},
    {"epub", "application/epub+zip"},
    {"flac", "audio/flac"},
    {"gif", "image/gif"},
    {"gz", "application/gzip"},
    {"htm", "text/html; charset=utf-8"},
    {"html", "text/html; charset=utf-8"},
    {"ico", "image/x-icon"},
    {"ics", "text/calendar; charset=utf-8"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", "text/javascript; charset=utf-8"},
    {"json", "application/json"},
    {"jsonld", "application/ld+json"},
    {"map", "application/json"},
    {"md", "text/markdown; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"ogg", "audio/ogg"},
    {"otf", "font/otf"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"rss", "application/rss+xml"},
    {"svg", "image/svg+xml"},
    {"tar", "application/x-tar"},
    {"ttf", "font/ttf"},
    {"txt", "text/plain; charset=utf-8"},
    {"wasm", "application/wasm"},
    {"wav", "audio/wav"},
    {"webm", "video/webm"},
    {"webmanifest", "application/manifest+json"},
    {"webp", "image/webp"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"xml", "text/xml; charset=utf-8"},
    {"zip", "application/zip"},
}};
static_assert(std::ranges::is_sorted(kTypes, {}, &std::pair<std::string_view, std::string_view>::first));

}  // namespace

std::optional<std::string> file_path(std::string_view path, bool dot_files) {
    if (!path.starts_with('/') || path.find('\0') != path.npos) return {};
    // More than one '/' at the beginning would leave an absolute path.
    path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
    if (!names_a_file(path, dot_files)) return {};
    return std::string(path);
}

std::string_view content_type(std::string_view name) {
    const auto dot = name.rfind('.');
    std::string ending(dot == name.npos ? std::string_view{} : name.substr(dot + 1));
    for (char& c : ending) c = http::lower(c);
    const auto found = std::ranges::lower_bound(kTypes, std::string_view(ending), {},
                                                &std::pair<std::string_view, std::string_view>::first);
    return found != kTypes.end() && found->first == ending ? found->second : "application/octet-stream";
}

}  // namespace switchyard::files
