#include <algorithm>
#include <array>

#include "config/check/checks.h"
#include "config/check/http_syntax.h"
#include "config/model/compress.h"

namespace switchyard::config {
namespace {

// "*", "text/*" or "text/html".
bool is_media_range(std::string_view text) {
    if (text == "*") return true;
    const auto slash = text.find('/');
    if (slash == std::string_view::npos) return false;
    const auto sub = text.substr(slash + 1);
    const auto kind = text.substr(0, slash);
    return is_token(kind) && kind != "*" && (sub == "*" || (is_token(sub) && sub.find('*') == std::string_view::npos));
}

void check_types(Checks& checks, const std::string& at, const std::vector<std::string>& types) {
    if (types.empty()) return checks.fail(at, "expected at least one media type, such as text/* or *");
    if (types.size() > kCompressTypes)
        return checks.fail(at, fmt::format("at most {} types are allowed, found {}", kCompressTypes, types.size()));
    for (std::size_t i = 0; i < types.size(); ++i)
        if (!is_media_range(types[i]))
            checks.fail(pointer_to(at, i), fmt::format("\"{}\": expected a media type without parameters, such as "
                                                       "text/html, text/* or *",
                                                       types[i]));
}

// What compression says of an answer has to be true of what goes out.
void check_edits(Checks& checks, const std::string& at, const HeaderEdits& edits) {
    constexpr std::string_view kSaid = "Content-Encoding";
    const auto complain = [&](const std::string& here) {
        checks.fail(here, "Content-Encoding says how the answer is compressed: take it out, or leave \"compress\" out");
    };
    for (const auto& [name, value] : edits.set)
        if (same_header(name, kSaid)) complain(pointer_to(at + "/set", name));
    for (const auto& [name, value] : edits.add)
        if (same_header(name, kSaid)) complain(pointer_to(at + "/add", name));
    for (std::size_t i = 0; i < edits.remove.size(); ++i)
        if (same_header(edits.remove[i], kSaid)) complain(pointer_to(at + "/remove", i));
}

}  // namespace

void check_compress(Checks& checks, const std::string& at, const Route& route) {
    const Compress& compress = route.compress;
    const std::string here = at + "/compress";
    if (!compress.on()) {
        if (compress != Compress{})
            checks.fail(here, R"("encodings" is missing: which of gzip, br and zstd, such as ["zstd", "br", "gzip"])");
        return;
    }
    const bool sends = !route.split.empty() ||
                       std::ranges::any_of(route.rules, [](const Rule& rule) { return !rule.upstream.empty(); });
    if (!sends) checks.fail(here, "goes with a split or a rule with an upstream; this route sends nothing on");
    for (std::size_t i = 0; i < compress.encodings.size(); ++i)
        if (std::count(compress.encodings.begin(), compress.encodings.begin() + static_cast<std::ptrdiff_t>(i),
                       compress.encodings[i]) != 0)
            checks.fail(pointer_to(here + "/encodings", i),
                        fmt::format("\"{}\" is there twice", word(compress.encodings[i])));
    check_types(checks, here + "/types", compress.types);
    check_edits(checks, at + "/response_headers", route.response_headers);
}

}  // namespace switchyard::config
