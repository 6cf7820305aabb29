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
    # What is tested is built as it is shipped; the tests themselves only have to be built quickly.
    target_compile_options(${NAME} PRIVATE -O0 $<$<CONFIG:Release>:-g0>)
    target_link_libraries(${NAME} PRIVATE ${ARG_DEPENDS} doctest_main)
    add_test(NAME ${NAME} COMMAND ${NAME})
    set_tests_properties(${NAME} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 300)
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
