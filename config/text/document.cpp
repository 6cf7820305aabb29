#include "config/text/document.h"

#include <fmt/format.h>

#include <set>
#include <string>
#include <utility>

#include "config/text/pointer.h"
#include "config/text/utf8.h"

namespace switchyard::config {

namespace {

using nlohmann::ordered_json;

// What a text that does not begin as JSON probably is; empty where it does.
std::string_view hint_about(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n", kMark = "\xEF\xBB\xBF";
    if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
    const auto begin = text.find_first_not_of(kBlank);
    if (begin == std::string_view::npos) return "; the text is empty";
    if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) return "; this is UTF-16: save it as UTF-8";
    if (text[begin] == '{' || text[begin] == '[') {
        // The usual slip, which the parser names by what stands behind it.
        const auto comma = text.find(',');
        for (auto at = comma; at != std::string_view::npos; at = text.find(',', at + 1)) {
            const auto next = text.find_first_not_of(kBlank, at + 1);
            if (next != std::string_view::npos && (text[next] == '}' || text[next] == ']'))
                return "; a comma before a closing bracket has to go";
        }
        return {};
    }
    if (text[begin] == '#' || text.substr(begin).starts_with("---") || text.find(": ") != std::string_view::npos ||
        text.find(":\n") != std::string_view::npos)
        return "; this looks like YAML: the configuration is one JSON object (comments // and /* */ are allowed)";
    return {};
}

// Builds the document like the library's own builder, but notices keys that come twice and nesting that is too deep.
class Builder final : public nlohmann::json_sax<ordered_json> {
  public:
    ordered_json root;
    std::vector<Error> errors;

    std::string_view hint;  // what the text seems to be instead

    bool null() override { return place(nullptr); }
    bool boolean(bool value) override { return place(value); }
    bool number_integer(number_integer_t value) override { return place(value); }
    bool number_unsigned(number_unsigned_t value) override { return place(value); }
    bool number_float(number_float_t value, const string_t&) override { return place(value); }
    bool string(string_t& value) override { return place(std::move(value)); }
    bool binary(binary_t&) override { return false; }  // not reached: text has no binary values

    bool start_object(std::size_t) override { return open(ordered_json::object()); }
    bool start_array(std::size_t) override { return open(ordered_json::array()); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }

    bool key(string_t& name) override {
        Level& level = levels_.back();
        level.repeated = !level.keys.insert(name).second;
        if (level.repeated)
            errors.push_back({pointer_to(level.pointer, name), fmt::format("the key \"{}\" is written twice", name)});
        level.key = std::move(name);
        return true;
    }

    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override {
        // The library prefixes its own error number; what an operator needs starts at "line".
        std::string_view what = error.what();
        if (const auto at = what.find("at line "); at != std::string_view::npos) what.remove_prefix(at + 3);
        // What it read last may end inside a character.
        if (!is_utf8(what)) what = what.substr(0, what.find("; last read"));
        errors.push_back({"", fmt::format("not valid JSON: {}{}", what, hint)});
        return false;
    }

  private:
    struct Level {
        ordered_json value;
        std::string pointer;
        std::string key;             // objects: the key that was read last
        std::set<std::string> keys;  // objects: all keys so far
        bool repeated = false;       // objects: `key` was there before; its first value stays
    };

    bool open(ordered_json empty) {
        if (levels_.size() >= static_cast<std::size_t>(limits::kDocumentDepth)) {
            errors.push_back({here(), fmt::format("nested deeper than {} levels", limits::kDocumentDepth)});
            return false;
        }
        std::string pointer = here();
        levels_.push_back({std::move(empty), std::move(pointer), {}, {}, false});
        return true;
    }

    bool close() {
        ordered_json finished = std::move(levels_.back().value);
        levels_.pop_back();
        return place(std::move(finished));
    }

    bool place(ordered_json value) {
        if (levels_.empty()) {
            root = std::move(value);
        } else if (Level& level = levels_.back(); level.value.is_array()) {
            level.value.push_back(std::move(value));
        } else if (!level.repeated) {
            // Straight into the vector below: a look-up by key for each key would be quadratic.
            level.value.get_ref<ordered_json::object_t&>().push_back({level.key, std::move(value)});
        }
        return true;
    }

    std::string here() const {
        if (levels_.empty()) return {};
        const Level& level = levels_.back();
        if (level.value.is_array()) return pointer_to(level.pointer, level.value.size());
        return pointer_to(level.pointer, level.key);
    }

    std::vector<Level> levels_;
};

}  // namespace

DocumentResult read_document(std::string_view text) {
    if (text.size() > limits::kDocumentBytes)
        return {std::nullopt, {{"", fmt::format("the document has more than {} bytes", limits::kDocumentBytes)}}};
    Builder builder;
    builder.hint = hint_about(text);
    constexpr bool kStrict = true, kIgnoreComments = true;
    const bool complete =
        ordered_json::sax_parse(text, &builder, ordered_json::input_format_t::json, kStrict, kIgnoreComments);
    if (!complete) return {std::nullopt, std::move(builder.errors)};
    return {std::move(builder.root), std::move(builder.errors)};
}

}  // namespace switchyard::config
