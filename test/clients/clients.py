"""Asks a service with clients of other services from PyPI, and prints what they return as JSON.

usage: clients.py URL CLASSIFIER TAGGER TEXT
"""

import json
import sys

import numpy
import tritonclient.http
from huggingface_hub import InferenceClient
from huggingface_hub.errors import HfHubHTTPError
from tritonclient.utils import InferenceServerException

url, classifier, tagger, text = sys.argv[1:]
answers = {}


def failure(error_class, call):
    try:
        call()
    except error_class as error:
        return str(error)
    raise AssertionError("expected an error")


def hugging_face():
    client = lambda model: InferenceClient(model=f"{url}/models/{model}")
    labels = client(classifier).text_classification(text)
    return {
        "labels": [[element.label, element.score] for element in labels],
        "top": [element.label for element in client(classifier).text_classification(text, top_k=1)],
        "entities": [dict(element) for element in client(tagger).token_classification(text)],
        "tokens": [
            dict(element)
            for element in client(tagger).token_classification(text, aggregation_strategy="none")
        ],
        "error": failure(HfHubHTTPError, lambda: client("none").text_classification(text)),
    }


def triton(binary, compression):
    client = tritonclient.http.InferenceServerClient(url.removeprefix("http://"))
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready(classifier)
    metadata = client.get_model_metadata(classifier)
    texts = numpy.array([text.encode(), "é 🎉".encode()], dtype=numpy.object_)
    tensor = tritonclient.http.InferInput(metadata["inputs"][0]["name"], [2], "BYTES")
    tensor.set_data_from_numpy(texts, binary_data=binary)
    outputs = [
        tritonclient.http.InferRequestedOutput(output["name"], binary_data=binary)
        for output in metadata["outputs"]
    ]
    result = client.infer(
        classifier,
        [tensor],
        outputs=outputs,
        request_id="7",
        request_compression_algorithm=compression,
        response_compression_algorithm=compression,
    )
    best = tritonclient.http.InferRequestedOutput("probabilities", binary_data=binary, class_count=2)
    classes = client.infer(classifier, [tensor], outputs=[best]).as_numpy("probabilities")
    every = client.infer(classifier, [tensor])
    entities = client.infer(tagger, [tensor]).as_numpy("entities")
    return {
        "server": client.get_server_metadata()["name"],
        "index": [entry["name"] for entry in client.get_model_repository_index()],
        "id": result.get_response()["id"],
        "labels": [label if isinstance(label, str) else label.decode() for label in result.as_numpy("label")],
        "probabilities": result.as_numpy("probabilities").tolist(),
        "logits": result.as_numpy("logits").tolist(),
        "outputs": [output["name"] for output in every.get_response()["outputs"]],
        "classes": [[value if isinstance(value, str) else value.decode() for value in row] for row in classes],
        "entities": json.loads(entities[0]),
        "error": failure(InferenceServerException, lambda: client.get_model_metadata("none")),
    }


answers["huggingface_hub"] = hugging_face()
answers["tritonclient"] = {
    name: triton(binary, compression)
    for name, binary, compression in [
        ("binary", True, None),
        ("json", False, None),
        ("gzip", True, "gzip"),
        ("deflate", True, "deflate"),
    ]
}
print(json.dumps(answers))
