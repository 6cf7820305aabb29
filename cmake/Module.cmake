# switchyard_module(NAME [DEPENDS target…] [SOURCES file…])
#   One library per module. Without SOURCES it takes every .cpp in the current folder but main.cpp.
#   A module without sources is a header-only interface. The include root is the top of the tree.
function(switchyard_module NAME)
    cmake_parse_arguments(ARG "" "" "DEPENDS;SOURCES" ${ARGN})
    if(NOT ARG_SOURCES)
        file(GLOB ARG_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
        list(FILTER ARG_SOURCES EXCLUDE REGEX "/main\\.cpp$")
    endif()
    if(ARG_SOURCES)
        add_library(${NAME} STATIC ${ARG_SOURCES})
        set(scope PUBLIC)
    else()
        add_library(${NAME} INTERFACE)
        set(scope INTERFACE)
    endif()
    if(ARG_SOURCES AND SWITCHYARD_COMPUTES AND NAME MATCHES "${SWITCHYARD_COMPUTES}")
        target_compile_options(${NAME} PRIVATE $<$<CONFIG:Debug>:-O1>)
    endif()
    target_include_directories(${NAME} ${scope} ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/..)
    target_link_libraries(${NAME} ${scope} ${ARG_DEPENDS})
endfunction()

# switchyard_test(NAME [DEPENDS target…] [LABELS …] [SOURCES …] [ALONE file…])
#   One doctest program from the .cpp files of the current folder, run by ctest as one test. Files that are ALONE are
#   compiled by themselves: their short words of their own would clash with a neighbour's (docs/decisions/0006).
function(switchyard_test NAME)
    cmake_parse_arguments(ARG "" "" "DEPENDS;LABELS;SOURCES;ALONE" ${ARGN})
    if(NOT ARG_SOURCES)
        file(GLOB ARG_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
    endif()
    foreach(file ${ARG_ALONE})
        set_source_files_properties(${CMAKE_CURRENT_SOURCE_DIR}/${file} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endforeach()
    if(NOT ARG_LABELS)
        set(ARG_LABELS quick)
    endif()
    add_executable(${NAME} ${ARG_SOURCES})
    # The tests themselves only have to be built quickly.
    target_compile_options(${NAME} PRIVATE -O0 $<$<CONFIG:Release>:-g0>)
    target_link_libraries(${NAME} PRIVATE ${ARG_DEPENDS} doctest_main)
    # When all modules are known.
    cmake_language(EVAL CODE "cmake_language(DEFER DIRECTORY [[${PROJECT_SOURCE_DIR}]] CALL switchyard_link_modules_first [[${NAME}]])")
    add_test(NAME ${NAME} COMMAND ${NAME})
    set_tests_properties(${NAME} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 300)
endfunction()

# What is tested is tested as it is shipped: its modules stand before the tests in the link line, and as a whole. A function
# that both hold because it is inline is then the modules' and not the tests' unoptimised copy, which the linker would take
# everywhere (unit_control_analysis: 2.8 s of processor time in place of 14.6).
function(switchyard_link_modules_first NAME)
    set(seen "")
    set(files "")
    get_target_property(todo ${NAME} LINK_LIBRARIES)
    while(todo)
        list(POP_FRONT todo one)
        string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" one "${one}")
        if(NOT TARGET "${one}" OR one IN_LIST seen)
            continue()
        endif()
        list(APPEND seen ${one})
        get_target_property(imported ${one} IMPORTED)
        if(imported)
            continue()
        endif()
        get_target_property(type ${one} TYPE)
        if(type STREQUAL STATIC_LIBRARY)
            string(APPEND files " $<TARGET_FILE:${one}>")
        endif()
        get_target_property(more ${one} INTERFACE_LINK_LIBRARIES)
        if(more)
            list(APPEND todo ${more})
        endif()
    endwhile()
    target_link_options(${NAME} PRIVATE "SHELL:-Wl,--whole-archive${files} -Wl,--no-whole-archive")
endfunction()

# switchyard_begin_early(SECONDS test…)
#   What waits for a clock, a silent peer or thousands of runs begins before the many short ones, so that none of it is left
#   alone at the end. SECONDS is about what it takes on two cores.
function(switchyard_begin_early SECONDS)
    set_tests_properties(${ARGN} PROPERTIES COST ${SECONDS})
endfunction()

# switchyard_embed(HEADER NAMESPACE ARRAY file…)
#   A header under ${CMAKE_BINARY_DIR}/generated that holds the text of the files by their names.
function(switchyard_embed HEADER NAMESPACE ARRAY)
    set(files ${ARGN})
    set(script ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/embed.cmake)
    add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/generated/${HEADER}
        COMMAND ${CMAKE_COMMAND} -DOUT=${CMAKE_BINARY_DIR}/generated/${HEADER} -DNAMESPACE=${NAMESPACE} -DNAME=${ARRAY}
                "-DFILES=${files}" -P ${script}
        DEPENDS ${files} ${script} VERBATIM)
endfunction()
