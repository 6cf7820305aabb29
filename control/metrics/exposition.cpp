#include "control/metrics/exposition.h"

#include <fmt/format.h>

namespace switchyard::control {
namespace {

void append_escaped(std::string& out, std::string_view value) {
    for (const char c : value) {
        if (c == '\\' || c == '"') out.push_back('\\');
        if (c == '\n')
            out += "\\n";
        else
            out.push_back(c);
    }
}

}  // namespace

void Exposition::family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    text_ += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
}

void Exposition::sample(const Labels& labels, double value) {
    sample("", labels, fmt::format("{}", value));
}

void Exposition::sample(std::string_view suffix, const Labels& labels, const std::string& value) {
    text_ += name_;
    text_ += suffix;
    if (!labels.empty()) {
        char separator = '{';
        for (const auto& [label, text] : labels) {
            text_.push_back(separator);
            text_ += label;
            text_ += "=\"";
            append_escaped(text_, text);
            text_.push_back('"');
            separator = ',';
        }
        text_.push_back('}');
    }
    text_.push_back(' ');
    text_ += value;
    text_.push_back('\n');
}

}  // namespace switchyard::control
