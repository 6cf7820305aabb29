// The one list of keys: how each object of the configuration is written.
//
// For each struct of the model there is one `describe(visitor, Type<T>{})` in fields_*.h that names every key, the
// member it fills, its limits and its meaning. Reader (parse), MemberWriter (render) and SchemaMaker (schema) are
// visitors over these lists, so a key that one of them knows, all of them know. Defaults are those of the struct
// itself. Threads: plain values and stateless templates.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "config/model/limits.h"

namespace switchyard::config {

// Names a struct to describe() without needing a value of it.
template <class T>
struct Type {};

struct Field {
    std::string_view doc = {};
    bool required = false;                  // must be written; is always rendered
    bool bytes = false;                     // a size: "16KiB" or a number of bytes
    std::int64_t min = 0;                   // numbers; durations in milliseconds
    std::int64_t max = -1;                  // -1: the default limit of its kind
    std::vector<std::string> choices = {};  // strings: the only words allowed
    std::string_view if_empty = {};         // lists: what is said of one that is written and has no members
};

}  // namespace switchyard::config
