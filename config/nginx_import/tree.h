// An nginx configuration as a tree of directives, with included files in their place.
//
// Threads: reads files. Errors: `fault` for what nginx would refuse (syntax, unbalanced braces, an unreadable file
//   named in full); includes that find nothing are notes, because an operator often has only part of the files at hand.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/nginx_import/note.h"

namespace switchyard::config::nginx {

struct Directive {
    std::string name;
    std::vector<std::string> args;
    bool block = false;
    std::vector<Directive> children;
    std::string file;
    unsigned line = 0;

    const std::string& arg(std::size_t index) const;  // empty when there are fewer
    std::string written() const;                      // name and arguments, for messages
};

// The first of that name; null: there is none.
const Directive* find_child(const std::vector<Directive>& block, std::string_view name);

struct Tree {
    std::vector<Directive> directives;
    std::vector<Note> notes;
    std::optional<Note> fault;
};

Tree read_tree(const std::filesystem::path& path);

}  // namespace switchyard::config::nginx
