"""ONNX operators that ONNX itself defines by others, written out where the engine has no reader of them."""

from __future__ import annotations

from typing import Any

from vaevis_tui.engine.graph.readers.importer import Importer
from vaevis_tui.onnx_model.node import Node
from vaevis_tui.onnx_model.shape_inference import Trace, trace_all

_DOMAIN = "written.out"


def write_out(importer: Importer, node: Node) -> Trace | None:
    """The operators that an operator stands for, walked for the shapes of its inputs; None where it has none.

    Names in it that are not the node's own begin with its first output's.

    Raises:
        UnsupportedError: They cannot be walked.
    """
    import onnx
    from onnx import compose, helper, inliner, numpy_helper

    try:
        schema: Any = onnx.defs.get_schema(node.kind, importer.opset, "")
    except onnx.defs.SchemaError:
        return None
    defaults = {
        name: helper.get_attribute_value(attribute.default_value)
        for name, attribute in schema.attributes.items()
        if attribute.default_value.name
    }
    given = {**defaults, **node.attributes}
    proto = helper.make_node(node.kind, node.inputs, node.outputs, **given)
    live = [name for name in node.inputs if name and name not in importer.constants]
    types = [_type(importer, name) for name in node.inputs]
    if schema.has_context_dependent_function:
        body = schema.get_context_dependent_function(
            proto.SerializeToString(), [kind.SerializeToString() for kind in types]
        )
    elif schema.has_function:
        body = schema.function_body.SerializeToString()
    else:
        return None
    function = onnx.FunctionProto.FromString(body)
    function.domain = proto.domain = _DOMAIN
    graph = helper.make_graph(
        [proto],
        "function",
        [helper.make_value_info(name, _type(importer, name)) for name in dict.fromkeys(live)],
        [helper.make_empty_tensor_value_info(name) for name in node.outputs if name],
        [
            numpy_helper.from_array(importer.constants[name], name)
            for name in dict.fromkeys(node.inputs)
            if name in importer.constants
        ],
    )
    opsets = [*function.opset_import, helper.make_opsetid(_DOMAIN, 1)]
    model = helper.make_model(graph, opset_imports=opsets, functions=[function])
    inlined = compose.add_prefix(
        inliner.inline_local_functions(model),
        f"{node.outputs[0]}/",
        rename_inputs=False,
        rename_outputs=False,
        rename_initializers=False,
    )
    return trace_all(inlined, {name: (1, importer.shape(name)) for name in live})


def _type(importer: Importer, name: str) -> Any:
    from onnx import TypeProto, helper

    if not name:
        return TypeProto()
    constant = importer.constants.get(name)
    kind = 1 if constant is None else helper.np_dtype_to_tensor_dtype(constant.dtype)
    return helper.make_tensor_type_proto(kind, importer.shape(name))
