# Turns files into one header with their text, at build time.
#   cmake -DOUT=header -DNAME=kArray -DSTRUCT=EmbeddedFile "-DFILES=a;b" -P embed.cmake
set(entries "")
foreach(file IN LISTS FILES)
    file(READ "${file}" text)
    get_filename_component(name "${file}" NAME)
    string(APPEND entries "    {\"${name}\", R\"embedded~(${text})embedded~\"},\n")
endforeach()
file(WRITE "${OUT}" "#pragma once\n#include <string_view>\n\nnamespace forum {\n
#ifndef FORUM_EMBEDDED_FILE\n#define FORUM_EMBEDDED_FILE\nstruct EmbeddedFile {\n    std::string_view name;\n    std::string_view text;\n};\n#endif\n
inline constexpr EmbeddedFile ${NAME}[] = {\n${entries}};\n\n}  // namespace forum\n")
