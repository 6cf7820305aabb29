#include "config/nginx_import/compress_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/model/limits.h"
#include "config/nginx_import/values.h"

namespace switchyard::config::nginx {
namespace {

// One module of nginx; they are configured alike.
struct Module {
    Encoding encoding;
    std::string_view name;
    std::uint8_t Compress::*level;
    std::uint32_t own_level;  // where none is said
    std::uint32_t least, most;
};
// The one that nginx asks first stands first.
constexpr std::array kModules{
    Module{Encoding::zstd, "zstd", &Compress::zstd_level, 1, 1, static_cast<std::uint32_t>(kZstdLevel)},
    Module{Encoding::brotli, "brotli", &Compress::brotli_level, 6, 0, static_cast<std::uint32_t>(kBrotliLevel)},
    Module{Encoding::gzip, "gzip", &Compress::gzip_level, 1, 1, static_cast<std::uint32_t>(kGzipLevel)}};
constexpr std::array<std::string_view, 4> kModuleParts{"_types", "_min_length", "_comp_level", "_proxied"};
constexpr std::uint64_t kModuleLeast = 20;  // octets, where no gzip_min_length is given

const Directive* part(const Settings& settings, const Module& module, std::string_view name) {
    return settings.find(std::string(module.name) + std::string(name));
}

void take_level(Compress& compress, const Settings& settings, const Module& module, Notes& notes) {
    const Directive* said = part(settings, module, "_comp_level");
    const auto wanted = said ? number_value(said->arg(0)) : std::nullopt;
    const std::uint32_t level = std::clamp(wanted.value_or(module.own_level), module.least, module.most);
    compress.*module.level = static_cast<std::uint8_t>(level);
    if (said && wanted != level)
        notes.changed(*said, fmt::format("level {} is used: what is beyond it holds a worker for too long", level));
}

void take_types(Compress& compress, const Settings& settings, const Module& module, Notes& notes) {
    const auto add = [&](const std::string& type) {
        if (std::ranges::find(compress.types, type) == compress.types.end()) compress.types.push_back(type);
    };
    add("text/html");
    const Directive* said = part(settings, module, "_types");
    if (!said) return;
    for (const auto& type : said->args) {
        if (compress.types.size() == kCompressTypes)
            return notes.changed(*said, fmt::format("only the first {} types are compressed", kCompressTypes));
        if (type == "*" || type.find('/') != std::string::npos)
            add(lower(type));
        else
            notes.lost(*said, fmt::format("\"{}\" is no media type", type));
    }
    if (std::ranges::find(compress.types, "*") != compress.types.end()) compress.types = {"*"};
}

void take_least(Compress& compress, const Settings& settings, const Module& module) {
    const Directive* said = part(settings, module, "_min_length");
    const auto least = said ? size_value(said->arg(0)) : std::nullopt;
    compress.min_size = std::min(compress.min_size, least.value_or(kModuleLeast));
}

bool is_on(const Settings& settings, const Module& module) {
    const Directive* said = settings.find(module.name);
    return said && lower(said->arg(0)) == "on";
}

}  // namespace

bool is_compress_directive(std::string_view name) {
    return std::ranges::any_of(kModules, [&](const Module& module) {
        if (!name.starts_with(module.name)) return false;
        const auto rest = name.substr(module.name.size());
        return rest.empty() || std::ranges::find(kModuleParts, rest) != kModuleParts.end();
    });
}

void apply_compression(Route& route, const Settings& settings, Notes& notes) {
    Compress compress;
    compress.types.clear();
    compress.min_size = limits::kBytes;
    for (const Module& module : kModules) {
        if (!is_on(settings, module)) continue;
        compress.encodings.push_back(module.encoding);
        take_level(compress, settings, module, notes);
        take_types(compress, settings, module, notes);
        take_least(compress, settings, module);
        if (const Directive* proxied = part(settings, module, "_proxied"); proxied && proxied->arg(0) != "any")
            notes.changed(*proxied, "requests that came by another proxy (Via) get compressed answers as well");
    }
    if (compress.on() && !route.split.empty()) route.compress = std::move(compress);
}

}  // namespace switchyard::config::nginx
