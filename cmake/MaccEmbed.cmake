# macc_embed(TARGET NAMESPACE ns OUTPUT name FILES f1 f2 ... BASE dir)
# Adds to TARGET a generated source with the bytes of FILES, reachable through
#   namespace <ns> { struct EmbeddedFile { std::string_view name, text; };  std::span<const EmbeddedFile> <output>(); }
# declared in the generated header "<output>.h". Names are relative to BASE.
find_package(Python3 COMPONENTS Interpreter REQUIRED)
function(macc_embed target)
  cmake_parse_arguments(ARG "" "NAMESPACE;OUTPUT;BASE" "FILES" ${ARGN})
  set(dir ${PROJECT_BINARY_DIR}/generated)
  file(MAKE_DIRECTORY ${dir})
  add_custom_command(
    OUTPUT ${dir}/${ARG_OUTPUT}.cpp ${dir}/${ARG_OUTPUT}.h
    COMMAND Python3::Interpreter ${PROJECT_SOURCE_DIR}/cmake/embed.py --namespace ${ARG_NAMESPACE} --name ${ARG_OUTPUT}
            --base ${ARG_BASE} --out ${dir} ${ARG_FILES}
    DEPENDS ${ARG_FILES} ${PROJECT_SOURCE_DIR}/cmake/embed.py
    VERBATIM)
  target_sources(${target} PRIVATE ${dir}/${ARG_OUTPUT}.cpp)
  target_include_directories(${target} PUBLIC ${dir})
endfunction()
