#include "forum/api/json_text.h"

namespace forum {

void JsonText::separate() {
    if (comma_) text_.push_back(',');
    comma_ = true;
}

JsonText& JsonText::begin_object() {
    separate();
    text_.push_back('{');
    comma_ = false;
    return *this;
}

JsonText& JsonText::end_object() {
    text_.push_back('}');
    comma_ = true;
    return *this;
}

JsonText& JsonText::begin_array() {
    separate();
    text_.push_back('[');
    comma_ = false;
    return *this;
}

JsonText& JsonText::end_array() {
    text_.push_back(']');
    comma_ = true;
    return *this;
}

JsonText& JsonText::key(std::string_view name) {
    value(name);
    text_.push_back(':');
    comma_ = false;
    return *this;
}

JsonText& JsonText::value(std::string_view text) {
    static constexpr std::string_view kHex = "0123456789abcdef";
    separate();
    text_.push_back('"');
    std::size_t plain = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
        text_.append(text, plain, i - plain);
        plain = i + 1;
        switch (byte) {
            case '"':
                text_ += "\\\"";
                break;
            case '\\':
                text_ += "\\\\";
                break;
            case '\n':
                text_ += "\\n";
                break;
            case '\r':
                text_ += "\\r";
                break;
            case '\t':
                text_ += "\\t";
                break;
            default:
                text_ += "\\u00";
                text_.push_back(kHex[byte >> 4U]);
                text_.push_back(kHex[byte & 15U]);
        }
    }
    text_.append(text, plain, text.size() - plain);
    text_.push_back('"');
    return *this;
}

JsonText& JsonText::value(std::int64_t number) {
    return raw(std::to_string(number));
}
JsonText& JsonText::value(bool flag) {
    return raw(flag ? "true" : "false");
}
JsonText& JsonText::null() {
    return raw("null");
}
JsonText& JsonText::instant(Instant instant) {
    return value(text_of(instant));
}

JsonText& JsonText::instant(const std::optional<Instant>& instant) {
    return instant ? value(text_of(*instant)) : null();
}

JsonText& JsonText::raw(std::string_view json) {
    separate();
    text_ += json;
    return *this;
}

}  // namespace forum
