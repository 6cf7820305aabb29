// Lines for the operator: one JSON object (or plain text) per line on standard error.
//
// Threads: any; a line is written in one piece. No writer waits for a reader: a line that finds no room is dropped,
// and the next one that does says how many were. Not for the request path: access lines go elsewhere.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace switchyard {

enum class LogLevel : unsigned char { debug, info, warn, error };

// Called once by main before threads start.
void log_configure(LogLevel level, bool json);
void log_line(LogLevel level, std::string_view message);
bool log_enabled(LogLevel level);

template <class... Args>
void log_debug(fmt::format_string<Args...> text, Args&&... args) {
    if (log_enabled(LogLevel::debug)) log_line(LogLevel::debug, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void log_info(fmt::format_string<Args...> text, Args&&... args) {
    if (log_enabled(LogLevel::info)) log_line(LogLevel::info, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void log_warn(fmt::format_string<Args...> text, Args&&... args) {
    if (log_enabled(LogLevel::warn)) log_line(LogLevel::warn, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void log_error(fmt::format_string<Args...> text, Args&&... args) {
    log_line(LogLevel::error, fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace switchyard
