// The JSON object in a request body, read field by field.
//
// What is wrong with a field is added to errors() and a harmless value is returned, so one answer can name every wrong
// field. Fields that were not asked for are wrong too: a misspelt optional field must not be silently ignored.
// Errors: a body that is no JSON object, or not strict UTF-8, throws a 400 Refusal at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forum/api/call.h"

namespace forum {

class JsonInput {
  public:
    explicit JsonInput(const Call& call);
    ~JsonInput();
    JsonInput(const JsonInput&) = delete;
    JsonInput& operator=(const JsonInput&) = delete;

    std::string text(std::string_view name);
    std::optional<std::string> maybe_text(std::string_view name);
    // For the few fields that may also be given as null, which is as if they were not there.
    std::optional<std::string> maybe_text_or_null(std::string_view name);
    std::int64_t integer(std::string_view name, std::int64_t least, std::int64_t most);
    std::optional<std::int64_t> maybe_integer(std::string_view name, std::int64_t least, std::int64_t most);
    std::optional<std::vector<std::string>> maybe_texts(std::string_view name);

    FieldErrors& errors() { return errors_; }
    // Call when every field has been asked for. Throws a 422 Refusal when anything was wrong.
    void finish();

  private:
    struct Object;
    std::unique_ptr<Object> object_;
    FieldErrors errors_;
};

}  // namespace forum
