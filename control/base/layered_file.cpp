#include "control/base/layered_file.h"

#include <fmt/format.h>

#include "config/text/document.h"
#include "config/text/found.h"
#include "control/base/digest.h"
#include "control/base/file_bytes.h"
#include "control/base/problem.h"

namespace switchyard::control {

Result<LayeredFile> read_layered_file(const std::string& path, const std::vector<std::string>& overlays) {
    auto first = file_bytes(path);
    if (!first) return Problem(422, kFileUnread, first.error().detail);
    LayeredFile out{std::move(*first), {}, {}};
    out.hash = sha256_hex(out.bytes);
    if (overlays.empty()) return out;
    std::vector<config::Error> errors;
    std::string hashes = out.hash;
    const auto add = [&](const std::string& name, const std::string& text) {
        auto read = config::read_document(text);
        for (auto& error : read.errors)
            errors.push_back({std::move(error.pointer), fmt::format("{} (in {})", error.detail, name)});
        if (!read.document) return;
        if (!read.document->is_object())
            errors.push_back(
                {"", fmt::format("expected an object, found {} (in {})", config::found(*read.document), name)});
        out.layers.push_back({name, std::move(*read.document)});
    };
    add(path, out.bytes);
    for (const auto& overlay : overlays) {
        const auto text = file_bytes(overlay);
        if (!text) return Problem(422, kFileUnread, text.error().detail);
        add(overlay, *text);
        hashes += sha256_hex(*text);
    }
    if (!errors.empty()) return problems::invalid(std::move(errors));
    out.hash = sha256_hex(hashes);
    constexpr int kIndent = 2;
    out.bytes = config::merged(out.layers).dump(kIndent, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    return out;
}

std::string name_of_layers(const std::string& path, const std::vector<std::string>& overlays) {
    std::string out = path;
    for (const auto& overlay : overlays) out += " + " + overlay;
    return out;
}

}  // namespace switchyard::control
