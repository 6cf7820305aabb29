// nginx's numbers, times and sizes, and its words as Switchyard names.
//
// Threads: pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "config/nginx_import/tree.h"

namespace switchyard::config::nginx {

// "60", "60s", "500ms", "1m30s", "1d": seconds where no unit stands.
std::optional<std::chrono::milliseconds> time_value(std::string_view text);
// "10m", "8k", "1g", "512".
std::optional<std::uint64_t> size_value(std::string_view text);
std::optional<std::uint32_t> number_value(std::string_view text);

// ASCII letters in lower case.
std::string lower(std::string_view text);

// A legal name near `wish`, not in `taken`; it is added there.
std::string fresh_name(std::string_view wish, std::set<std::string>& taken);

// "key=value" arguments: the value of `key`.
std::optional<std::string> option(const std::string& word, std::string_view key);

// The file or folder that a directive names, without a slash at its end; nothing where it is known only when a client
// has come. `folder`: where nginx looks for files without a path.
std::optional<std::string> file_in(const std::filesystem::path& folder, const Directive* directive);

}  // namespace switchyard::config::nginx
