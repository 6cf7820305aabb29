// Writes JSON text from front to back, without building a tree. Strings must be valid UTF-8.
//
// Commas are its own business; balanced begin and end are the caller's.
// Threads: one owner. Owns the text until it is taken.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "forum/domain/instant.h"

namespace forum {

class JsonText {
  public:
    JsonText& begin_object();
    JsonText& end_object();
    JsonText& begin_array();
    JsonText& end_array();
    JsonText& key(std::string_view name);

    JsonText& value(std::string_view text);
    JsonText& value(const char* text) { return value(std::string_view(text)); }
    JsonText& value(const std::string& text) { return value(std::string_view(text)); }
    JsonText& value(std::int64_t number);
    JsonText& value(int number) { return value(static_cast<std::int64_t>(number)); }
    JsonText& value(bool flag);
    JsonText& null();
    // RFC 3339 text.
    JsonText& instant(Instant instant);
    JsonText& instant(const std::optional<Instant>& instant);
    // Text that is JSON already.
    JsonText& raw(std::string_view json);

    template <class Value>
    JsonText& member(std::string_view name, const Value& content) {
        return key(name).value(content);
    }

    std::string take() { return std::move(text_); }
    const std::string& text() const { return text_; }

  private:
    void separate();

    std::string text_;
    bool comma_ = false;
};

}  // namespace forum
