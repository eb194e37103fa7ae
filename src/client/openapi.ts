// Generated from openapi.yaml by `npm run openapi:types`: the routes as a client sees them.

export interface paths {
    readonly "/classify": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Classify one or more texts
         * @description A body with the field input, and not inputs, is read as vLLM has it, and answered in its form.
         */
        readonly post: operations["classify"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/ner": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Find the entities in one or more texts, raw or split into words */
        readonly post: operations["ner"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/models": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** List all models and their states */
        readonly get: operations["listModels"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/models/{name}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Describe one model */
        readonly get: operations["getModel"];
        readonly put?: never;
        /** Ask a model in the form of Hugging Face's Inference API */
        readonly post: operations["huggingFaceInference"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/models/{name}/reload": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Load a model again from its folder
         * @description The folder's present version is loaded beside the one that serves, checked, warmed, and put in its place in one step; the answer is sent then. No request is lost, and each is answered by one version. A version that cannot be loaded is refused with 422, and the old one keeps serving. 403 unless the service has API keys or was started with --allow-reload; 409 while the same model is being loaded.
         */
        readonly post: operations["reloadModel"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Describe the service, as the Open Inference Protocol has it */
        readonly get: operations["openInferenceServer"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/health/live": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Check that the process answers, as the Open Inference Protocol has it */
        readonly get: operations["openInferenceLive"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/health/ready": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Check that the service is ready, as the Open Inference Protocol has it */
        readonly get: operations["openInferenceReady"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/models": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** List the models that are loaded, as the Open Inference Protocol has it */
        readonly get: operations["openInferenceModels"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/repository/index": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * List all models and their states, as Triton has it
         * @description The body may be empty. With "ready": true only models that are ready are listed. No content type is needed.
         */
        readonly post: operations["openInferenceIndex"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/models/{name}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Describe the tensors of a model, as the Open Inference Protocol has it */
        readonly get: operations["openInferenceModel"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/models/{name}/ready": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Check that a model is loaded, as the Open Inference Protocol has it */
        readonly get: operations["openInferenceModelReady"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/models/{name}/infer": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Ask a model, as the Open Inference Protocol has it
         * @description Texts come in one BYTES tensor of any name, of shape [n] or [n, 1]. A classifier answers with the tensors label, score, probabilities and logits, a tagger with entities, which has the entities of each text in JSON. The binary tensor extension (header inference-header-content-length) and the classification extension are understood, and no content type is needed.
         */
        readonly post: operations["openInferenceInfer"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/models/{name}/versions/{version}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Describe the tensors of a model, as the Open Inference Protocol has it */
        readonly get: operations["openInferenceModelVersion"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/models/{name}/versions/{version}/ready": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Check that a model is loaded, as the Open Inference Protocol has it */
        readonly get: operations["openInferenceModelReadyVersion"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v2/models/{name}/versions/{version}/infer": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Ask a model, as the Open Inference Protocol has it
         * @description Texts come in one BYTES tensor of any name, of shape [n] or [n, 1]. A classifier answers with the tensors label, score, probabilities and logits, a tagger with entities, which has the entities of each text in JSON. The binary tensor extension (header inference-header-content-length) and the classification extension are understood, and no content type is needed.
         */
        readonly post: operations["openInferenceInferVersion"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/models": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** List the models that are loaded, as OpenAI and vLLM have it */
        readonly get: operations["vllmModels"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/models/{name}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Describe a model that is loaded, as OpenAI and KServe's V1 have it */
        readonly get: operations["vllmModel"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/models/{name}:predict": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Ask a model, as KServe's V1 has it
         * @description No content type is needed.
         */
        readonly post: operations["kservePredict"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/tokenize": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** List the tokens of a prompt, as vLLM has it */
        readonly post: operations["vllmTokenize"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/predict": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Classify one text or a batch, as text-embeddings-inference has it */
        readonly post: operations["textEmbeddingsPredict"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/info": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Describe the only classifier, as text-embeddings-inference has it */
        readonly get: operations["textEmbeddingsInfo"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/health/live": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Check that the process answers */
        readonly get: operations["live"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/health/ready": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Check that every model that did not fail is loaded and warm, and that there is at least one */
        readonly get: operations["ready"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/health": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The same as /health/ready, where vLLM and text-embeddings-inference have it */
        readonly get: operations["health"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/metrics": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Read metrics in the Prometheus text format */
        readonly get: operations["metrics"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/openapi.yaml": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Read this document */
        readonly get: operations["openapi"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Try the models in a browser */
        readonly get: operations["playground"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/docs": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Read the API reference in a browser */
        readonly get: operations["docs"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/assets/{file}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Read a file that the pages are made of */
        readonly get: operations["asset"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description One text, or a list of texts. */
        readonly Texts: string | readonly string[];
        /** @description A text with a character other than white space. */
        readonly VisibleText: string;
        /** @description One text, or a list of texts. Each has a character other than white space. */
        readonly VisibleTexts: string | readonly components["schemas"]["VisibleText"][];
        /** @description A text, or a pair of texts that the model reads as one sequence, such as a premise and a hypothesis. Each text has a character other than white space. */
        readonly TextOrPair: string | {
            readonly text: components["schemas"]["VisibleText"];
            readonly text_pair: components["schemas"]["VisibleText"];
        };
        readonly Probability: number;
        /** @description Whether to return the logits, which are the head's outputs before softmax or sigmoid, in float32. */
        readonly RawScores: boolean;
        /** @description Milliseconds that the caller waits for the answer, from the arrival of the whole body. Unless it is given, 60,000, or what the service was started with. The maximum is 600,000, or what the service was started with; the document that a service sends has its own. */
        readonly TimeoutMs: number;
        /**
         * @description The class of the request. Where both wait, interactive requests get eight times the share of batch requests, which are never held up altogether. Deadlines hold for both. Unless it is given, the priority of the API key, which is interactive unless the key says otherwise.
         * @enum {string}
         */
        readonly Priority: "interactive" | "batch";
        /**
         * @example {
         *       "inputs": "The central bank raised interest rates again on Thursday."
         *     }
         */
        readonly ClassifyRequest: {
            /** @description A text, a pair of texts, or a list of them. Pairs are refused with 422 for models whose tokenizer has no template for pairs that puts a token between the texts, and with a long_text other than truncate. Where a pair is over the model's maximum length, its longer text is cut first. */
            readonly inputs: string | {
                readonly text: components["schemas"]["VisibleText"];
                readonly text_pair: components["schemas"]["VisibleText"];
            } | readonly components["schemas"]["TextOrPair"][];
            /**
             * @description The name of a model. Optional if exactly one loaded model classifies texts.
             * @example agnews-llama
             */
            readonly model?: string;
            /** @description The number of most probable labels to return. All labels are returned unless it is given. */
            readonly top_k?: number;
            /**
             * @description Whether texts over the model's maximum length may be cut. If false, they are refused with 422, unless long_text has them read in windows.
             * @default true
             */
            readonly truncate?: boolean;
            /**
             * @description How texts over the model's maximum length are read. truncate cuts them. mean and max read all of a text, in windows of the maximum length that overlap by half, with special tokens around each: mean averages the windows' logits, max takes the greatest of each label, and probabilities are computed from the result. Nothing is cut or refused then. A long text costs as much as texts of twice its tokens.
             * @default truncate
             * @enum {string}
             */
            readonly long_text?: "truncate" | "mean" | "max";
            /** @default false */
            readonly raw_scores?: components["schemas"]["RawScores"];
            /** @description Multi-label models list the labels whose probability is at least this. With abstain, a text whose best label is less probable gets none. Unless it is given, each label has the threshold that the model keeps for it, and a label without one is listed from 0.5 on and never abstained from. */
            readonly threshold?: components["schemas"]["Probability"];
            /**
             * @description Whether label is null where the probability of the best label is below its threshold. Refused with 422 if neither the request nor the model has a threshold, and for regression models.
             * @default false
             */
            readonly abstain?: boolean;
            readonly priority?: components["schemas"]["Priority"];
            readonly timeout_ms?: components["schemas"]["TimeoutMs"];
        };
        readonly ClassifyResponse: {
            readonly model: string;
            readonly results: readonly components["schemas"]["Classification"][];
            readonly usage: components["schemas"]["Usage"];
        };
        readonly Classification: {
            /** @description The most probable label; null if the request has abstain and the label's probability is below its threshold. For regression models the name of the value. */
            readonly label: string | null;
            /** @description The probability of the label. For regression models, such as reward models and rerankers, the value itself, which can be any number. */
            readonly score: number;
            /** @description The probability of every label, or of the top_k. Regression models have none. */
            readonly probabilities?: {
                readonly [key: string]: components["schemas"]["Probability"];
            };
            /** @description The labels whose probability is at least the threshold, the most probable first. Multi-label models only. */
            readonly labels?: readonly {
                readonly label: string;
                readonly score: components["schemas"]["Probability"];
            }[];
            /** @description One number for each label, in the order of the model's labels. Sent if the request has raw_scores. */
            readonly logits?: readonly number[];
            /** @description Tokens of the text that are read, each counted once, plus the special tokens of one sequence. */
            readonly tokens: number;
            /** @description Whether the text was cut to the model's maximum length. */
            readonly truncated: boolean;
        };
        /**
         * @example {
         *       "inputs": "Angela Merkel met executives of Siemens in Munich."
         *     }
         */
        readonly NerRequest: {
            /** @description Raw texts. They have at most 1,000,000 words in all. A text without a word has no entities. */
            readonly inputs?: components["schemas"]["Texts"];
            /** @description Texts that are already split into words. They have at most 1,000,000 words in all. */
            readonly tokens?: readonly (readonly string[])[];
            /**
             * @description The name of a model. Optional if exactly one loaded model tags entities.
             * @example conll03-unllama
             */
            readonly model?: string;
            /**
             * @description The unit of start and end; Unicode code points, UTF-16 code units or UTF-8 bytes.
             * @default codepoint
             * @enum {string}
             */
            readonly offset_unit?: "codepoint" | "utf16" | "byte";
            /**
             * @description How logits become tags. valid: the most probable sequence of tags that the labels' scheme allows, in which I-X follows only B-X or I-X. argmax: the most probable tag of each word alone, as the pipeline of transformers has it, where an I-X that continues no entity starts one, as seqeval counts. On the test set of CoNLL-2003, the shipped tagger has an F1 of 88.13% with valid and of 87.11% with argmax. Unless it is given, what the model was exported with, which is valid unless the export said otherwise.
             * @enum {string}
             */
            readonly decoding?: "valid" | "argmax";
            /**
             * @description Whether to return the tag of every word, and for raw texts the position of every word.
             * @default false
             */
            readonly tags?: boolean;
            /** @default false */
            readonly raw_scores?: components["schemas"]["RawScores"];
            /**
             * @description Entities that score less are left out.
             * @default 0
             */
            readonly threshold?: components["schemas"]["Probability"];
            readonly priority?: components["schemas"]["Priority"];
            readonly timeout_ms?: components["schemas"]["TimeoutMs"];
        } & (unknown | unknown);
        readonly NerResponse: {
            readonly model: string;
            readonly results: readonly components["schemas"]["Tagging"][];
            readonly usage: components["schemas"]["Usage"];
        };
        readonly Tagging: {
            readonly entities: readonly components["schemas"]["Entity"][];
            /** @description Tokens of the words, each counted once, plus the special tokens of one sequence. */
            readonly tokens: number;
            /** @description One tag per word. */
            readonly tags?: readonly string[];
            /** @description The start and end of each word of a raw text. */
            readonly words?: readonly (readonly number[])[];
            /** @description One row for each word, in the order of the model's labels; null for a word that has no token. Sent if the request has raw_scores. */
            readonly logits?: readonly (readonly number[] | null)[];
        };
        /** @description An entity of a raw text has start and end, in the unit of the request. An entity of a text that was sent as words has start_word and end_word. Ends are exclusive. */
        readonly Entity: {
            readonly label: string;
            readonly score: components["schemas"]["Probability"];
            readonly text: string;
            readonly start?: number;
            readonly end?: number;
            readonly start_word?: number;
            readonly end_word?: number;
        } & (unknown | unknown);
        readonly LabelScore: {
            readonly label: string;
            readonly score: number;
        };
        /**
         * @example {
         *       "inputs": "Angela Merkel met executives of Siemens in Munich."
         *     }
         */
        readonly HuggingFaceRequest: {
            readonly inputs: components["schemas"]["Texts"];
            /** @description top_k and function_to_apply are for classifiers, the others for taggers. */
            readonly parameters?: {
                /** @description The number of most probable labels to return. All unless it is given. */
                readonly top_k?: number | null;
                /**
                 * @description What makes scores of logits. Unless it is given, what the model was trained with.
                 * @enum {unknown}
                 */
                readonly function_to_apply?: "softmax" | "sigmoid" | "none" | null;
                /**
                 * @description How tokens become entities, as the pipeline of transformers has it. simple unless it is given.
                 * @enum {unknown}
                 */
                readonly aggregation_strategy?: "none" | "simple" | "first" | "average" | "max" | null;
                /** @description Labels whose tokens are left out. O unless they are given. */
                readonly ignore_labels?: readonly string[] | null;
                /** @description The tokens by which windows of a text overlap that is longer than the model's maximum. Such a text is cut unless it is given. */
                readonly stride?: number | null;
            };
            /** @description Ignored. */
            readonly options?: Record<string, never>;
        };
        readonly HuggingFaceResponse: readonly (components["schemas"]["HuggingFaceEntity"] | readonly (components["schemas"]["LabelScore"] | components["schemas"]["HuggingFaceEntity"])[])[];
        /** @description An entity, or a token where the aggregation strategy is none. start and end count Unicode code points. */
        readonly HuggingFaceEntity: {
            readonly entity_group?: string;
            readonly entity?: string;
            readonly score: components["schemas"]["Probability"];
            /** @description The position of the token in its sequence. */
            readonly index?: number;
            readonly word: string;
            readonly start: number;
            readonly end: number;
        };
        readonly OpenInferenceServer: {
            readonly name: string;
            readonly version: string;
            readonly extensions: readonly string[];
        };
        readonly OpenInferenceLive: {
            readonly live: boolean;
        };
        readonly OpenInferenceReady: {
            readonly ready: boolean;
        };
        readonly OpenInferenceModels: {
            readonly models: readonly string[];
        };
        readonly OpenInferenceIndex: readonly components["schemas"]["OpenInferenceIndexEntry"][];
        /**
         * @example {
         *       "ready": true
         *     }
         */
        readonly OpenInferenceIndexRequest: {
            /**
             * @description Whether only models that are ready are listed.
             * @default false
             */
            readonly ready?: boolean;
        };
        readonly OpenInferenceIndexEntry: {
            readonly name: string;
            readonly version: string;
            /** @enum {string} */
            readonly state: "READY" | "UNAVAILABLE";
            /** @description Why the model is not available. */
            readonly reason: string;
        };
        readonly OpenInferenceTensor: {
            readonly name: string;
            /** @enum {string} */
            readonly datatype: "BYTES" | "FP32";
            /** @description -1 stands for the number of texts. */
            readonly shape: readonly number[];
        };
        readonly OpenInferenceModel: {
            readonly name: string;
            readonly versions: readonly string[];
            readonly platform: string;
            readonly inputs: readonly components["schemas"]["OpenInferenceTensor"][];
            readonly outputs: readonly components["schemas"]["OpenInferenceTensor"][];
        };
        readonly OpenInferenceModelReady: {
            readonly name: string;
            readonly ready: boolean;
        };
        /**
         * @example {
         *       "inputs": [
         *         {
         *           "name": "text",
         *           "datatype": "BYTES",
         *           "shape": [
         *             1
         *           ],
         *           "data": [
         *             "The central bank raised interest rates again on Thursday."
         *           ]
         *         }
         *       ]
         *     }
         */
        readonly OpenInferenceRequest: {
            readonly id?: string;
            readonly parameters?: {
                /** @description Whether outputs that do not say otherwise are sent as binary data. */
                readonly binary_data_output?: boolean;
                /** @description Microseconds that the caller waits for the answer. */
                readonly timeout?: number;
            };
            readonly inputs: readonly {
                readonly name: string;
                /** @enum {string} */
                readonly datatype: "BYTES";
                readonly shape: readonly number[];
                readonly parameters?: Record<string, never>;
                readonly data: readonly (string | readonly string[])[];
            }[];
            /** @description The outputs to answer with, in order. All unless they are given. */
            readonly outputs?: readonly {
                readonly name: string;
                readonly parameters?: {
                    readonly binary_data?: boolean;
                    /** @description How many of the greatest values to return, as texts value:index:label. */
                    readonly classification?: number;
                };
            }[];
        };
        readonly OpenInferenceResponse: {
            readonly model_name: string;
            readonly model_version: string;
            readonly id?: string;
            readonly outputs: readonly {
                readonly name: string;
                /** @enum {string} */
                readonly datatype: "BYTES" | "FP32";
                readonly shape: readonly number[];
                readonly data?: readonly (string | number)[];
                readonly parameters?: {
                    readonly binary_data_size: number;
                };
            }[];
        };
        /**
         * @example {
         *       "instances": [
         *         "The central bank raised interest rates again on Thursday."
         *       ]
         *     }
         */
        readonly KserveRequest: {
            readonly instances: readonly string[];
        };
        readonly KserveResponse: {
            readonly predictions: readonly (components["schemas"]["Classification"] | components["schemas"]["Tagging"])[];
        };
        /**
         * @description Other fields are ignored.
         * @example {
         *       "input": "The central bank raised interest rates again on Thursday."
         *     }
         */
        readonly VllmClassifyRequest: {
            readonly input: components["schemas"]["VisibleTexts"];
            readonly model?: string | null;
            /** @description The tokens to which longer texts are cut, special tokens counted; -1 for the model's maximum. Unless it is given, a text over the maximum is refused. */
            readonly truncate_prompt_tokens?: number | null;
            /** @description If false, probs are the logits. */
            readonly use_activation?: boolean | null;
        };
        readonly VllmClassifyResponse: {
            readonly id: string;
            /** @constant */
            readonly object: "list";
            readonly created: number;
            readonly model: string;
            readonly data: readonly {
                readonly index: number;
                readonly label: string;
                readonly probs: readonly number[];
                readonly num_classes: number;
            }[];
            readonly usage: {
                readonly prompt_tokens: number;
                readonly total_tokens: number;
                readonly completion_tokens: number;
                readonly prompt_tokens_details: null;
            };
        };
        /**
         * @description Other fields are ignored.
         * @example {
         *       "model": "agnews-llama",
         *       "prompt": "The central bank raised interest rates again on Thursday."
         *     }
         */
        readonly VllmTokenizeRequest: {
            readonly prompt: string;
            /**
             * @description The name of a model. Optional if exactly one model is loaded.
             * @example agnews-llama
             */
            readonly model?: string | null;
            /** @default true */
            readonly add_special_tokens?: boolean;
            /**
             * @description Whether to return the tokens as texts as well.
             * @default false
             */
            readonly return_token_strs?: boolean;
        };
        readonly VllmTokenizeResponse: {
            readonly count: number;
            readonly max_model_len: number;
            readonly tokens: readonly number[];
            readonly token_strs: readonly string[] | null;
        };
        readonly VllmModels: {
            /** @constant */
            readonly object: "list";
            readonly data: readonly components["schemas"]["VllmModel"][];
        };
        /** @description name and ready are what KServe reads, the others what OpenAI and vLLM have. */
        readonly VllmModel: {
            readonly id: string;
            /** @constant */
            readonly object: "model";
            /** @description When the service started; seconds of Unix time. */
            readonly created: number;
            readonly owned_by: string;
            readonly root: string;
            readonly parent: null;
            readonly max_model_len: number;
            readonly permission: readonly Record<string, never>[];
            readonly name: string;
            readonly ready: boolean;
        };
        /**
         * @example {
         *       "inputs": "The central bank raised interest rates again on Thursday."
         *     }
         */
        readonly TextEmbeddingsRequest: {
            /** @description One text, "a" or ["a"], a pair of texts, ["a", "b"], or a batch of them, [["a"], ["b"]]. Pairs are refused with 422 for models whose tokenizer has no template for pairs that puts a token between the texts. */
            readonly inputs: string | readonly (string | readonly components["schemas"]["VisibleText"][])[];
            /**
             * @description Whether texts over the model's maximum length may be cut.
             * @default true
             */
            readonly truncate?: boolean;
            /**
             * @description The side on which texts are cut.
             * @default Right
             * @enum {string}
             */
            readonly truncation_direction?: "Left" | "Right" | "left" | "right";
            /**
             * @description Whether the scores are logits.
             * @default false
             */
            readonly raw_scores?: boolean;
        };
        readonly TextEmbeddingsResponse: readonly (components["schemas"]["LabelScore"] | readonly components["schemas"]["LabelScore"][])[];
        readonly TextEmbeddingsInfo: {
            readonly model_id: string;
            /** @description The version of the model. */
            readonly model_sha: string;
            readonly model_dtype: string;
            readonly model_type: {
                readonly classifier: {
                    readonly id2label: {
                        readonly [key: string]: string;
                    };
                    readonly label2id: {
                        readonly [key: string]: number;
                    };
                };
            };
            readonly max_input_length: number;
            readonly max_client_batch_size: number;
            readonly auto_truncate: boolean;
            readonly version: string;
        };
        readonly Usage: {
            readonly tokens: number;
        };
        readonly ModelsResponse: {
            readonly models: readonly components["schemas"]["Model"][];
        };
        readonly Model: {
            readonly name: string;
            /**
             * @description loading: it is not ready yet. ready: it answers. restarting: it was ready, and no engine serves it at present. failed: it could not be loaded.
             * @enum {string}
             */
            readonly state: "loading" | "ready" | "restarting" | "failed";
            readonly version?: string;
            /** @enum {string} */
            readonly task?: "sequence" | "token";
            readonly labels?: readonly string[];
            readonly precision?: string;
            /** @description The longest text that the model reads, in tokens, special tokens counted. */
            readonly max_length?: number;
            /** @description Why the newest version of the model could not be loaded. The version before it serves. */
            readonly reload_error?: string;
        };
        readonly Health: {
            readonly status: string;
        };
        /** @description A problem document of RFC 9457. */
        readonly Problem: {
            readonly type: string;
            readonly title: string;
            readonly status: number;
            readonly detail: string;
            /** @description The first mismatch in the body. The others are not looked for. */
            readonly errors?: readonly {
                /** @description A JSON pointer into the request body. */
                readonly path: string;
                readonly message: string;
            }[];
            /** @description The same in the form of another service, on the routes that are made for its clients: the detail, or for vLLM an object. */
            readonly error?: string | {
                readonly message: string;
                readonly type: string;
                readonly param: string | null;
                readonly code: number;
            };
            /** @description The kind of the error for text-embeddings-inference. */
            readonly error_type?: string;
        };
    };
    responses: {
        /** @description The caller has the file already, as its header if-none-match says. */
        readonly NotModified: {
            headers: {
                readonly "x-request-id": components["headers"]["RequestId"];
                readonly [name: string]: unknown;
            };
            content?: never;
        };
        /** @description The request is no valid HTTP, or the body is empty, is not JSON in UTF-8, is nested more than 100 levels deep, or is not compressed as it says. */
        readonly BadRequest: {
            headers: {
                readonly "x-request-id": components["headers"]["RequestId"];
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The API key is missing, wrong or expired. */
        readonly Unauthorized: {
            headers: {
                readonly "x-request-id": components["headers"]["RequestId"];
                readonly "www-authenticate": components["headers"]["WwwAuthenticate"];
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The API key does not have the scope of the route, or the service does not reload models by request. */
        readonly Forbidden: {
            headers: {
                readonly "x-request-id": components["headers"]["RequestId"];
                readonly "www-authenticate": components["headers"]["WwwAuthenticate"];
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The model or the file does not exist. */
        readonly NotFound: {
            headers: {
                readonly "x-request-id": components["headers"]["RequestId"];
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The request did not arrive in time, which is 10 s for its head and 60 s for all of it. */
        readonly RequestTimeout: {
            headers: {
                readonly "x-request-id": components["headers"]["RequestId"];
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The same model is being loaded. */
        readonly Conflict: {
            headers: {
                readonly "x-request-id": components["headers"]["RequestId"];
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is larger than 8 MiB after it is decompressed, or its chunk extensions are larger than 16 KiB. */
        readonly ContentTooLarge: {
            headers: {
                readonly "x-request-id": components["headers"]["RequestId"];
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The content type is not JSON, its charset is not UTF-8, or the encoding is not gzip, deflate or br. */
        readonly UnsupportedMediaType: {
            headers: {
                readonly "x-request-id": components["headers"]["RequestId"];
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body does not match its schema, has a number out of range, asks for too long a timeout or for too many texts or words, or the model cannot use a text. To a reload, why the model could not be loaded. */
        readonly Unprocessable: {
            headers: {
                readonly "x-request-id": components["headers"]["RequestId"];
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The queue is so full that this request or another one would miss its deadline, or the API key has used up its requests or tokens of this minute. */
        readonly TooManyRequests: {
            headers: {
                readonly "x-request-id": components["headers"]["RequestId"];
                readonly "retry-after": components["headers"]["RetryAfter"];
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The head of the request is larger than 16 KiB. */
        readonly HeadTooLarge: {
            headers: {
                readonly "x-request-id": components["headers"]["RequestId"];
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The request failed for a reason that the log of the service has, or a text has ended engine processes again and again. */
        readonly InternalError: {
            headers: {
                readonly "x-request-id": components["headers"]["RequestId"];
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The service is not ready, is shutting down, or has no memory left for large requests. */
        readonly Unavailable: {
            headers: {
                readonly "x-request-id": components["headers"]["RequestId"];
                readonly "retry-after": components["headers"]["RetryAfter"];
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The deadline passed, or is too near for the texts to be computed. */
        readonly DeadlinePassed: {
            headers: {
                readonly "x-request-id": components["headers"]["RequestId"];
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description An error as on the other routes, in a problem document that also has the members by which the clients of the other service read errors. Where the Open Inference Protocol and vLLM answer 400, 422 becomes 400. */
        readonly OtherService: {
            headers: {
                readonly "x-request-id": components["headers"]["RequestId"];
                readonly "retry-after": components["headers"]["RetryAfter"];
                readonly "www-authenticate": components["headers"]["WwwAuthenticate"];
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: {
        /** @description The caller's x-request-id if it is a short token, else an id that the service made. */
        readonly RequestId: string;
        /** @description Where the time of the request went, in milliseconds, such as encode;dur=0.412, queue;dur=0.105, inference;dur=12.340, total;dur=13.021. encode: from the arrival of the whole body until its texts are tokenised. inference: while at least one of the texts was in a forward pass, so that passes side by side count once. queue: the rest of the time from encode to the last pass. total: from the arrival of the whole body until the answer is made. queue and inference are left out if all results were in the cache, or there is nothing to compute. */
        readonly ServerTiming: string;
        /** @description Seconds after which the caller may try again, computed from what waits where the queue is full. Sent with 503, and with 429 unless the request would be refused again. */
        readonly RetryAfter: number;
        /** @description What is wrong with the API key, as RFC 6750 has it. Sent only if the service has API keys. */
        readonly WwwAuthenticate: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    readonly classify: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["ClassifyRequest"] | components["schemas"]["VllmClassifyRequest"];
            };
        };
        readonly responses: {
            /** @description One result per text, in the order of the inputs. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly "server-timing": components["headers"]["ServerTiming"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["ClassifyResponse"] | components["schemas"]["VllmClassifyResponse"];
                };
            };
            readonly 400: components["responses"]["BadRequest"];
            readonly 401: components["responses"]["Unauthorized"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["NotFound"];
            readonly 408: components["responses"]["RequestTimeout"];
            readonly 413: components["responses"]["ContentTooLarge"];
            readonly 415: components["responses"]["UnsupportedMediaType"];
            readonly 422: components["responses"]["Unprocessable"];
            readonly 429: components["responses"]["TooManyRequests"];
            readonly 431: components["responses"]["HeadTooLarge"];
            readonly 500: components["responses"]["InternalError"];
            readonly 503: components["responses"]["Unavailable"];
            readonly 504: components["responses"]["DeadlinePassed"];
        };
    };
    readonly ner: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["NerRequest"];
            };
        };
        readonly responses: {
            /** @description One result per text, in the order of the inputs. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly "server-timing": components["headers"]["ServerTiming"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["NerResponse"];
                };
            };
            readonly 400: components["responses"]["BadRequest"];
            readonly 401: components["responses"]["Unauthorized"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["NotFound"];
            readonly 408: components["responses"]["RequestTimeout"];
            readonly 413: components["responses"]["ContentTooLarge"];
            readonly 415: components["responses"]["UnsupportedMediaType"];
            readonly 422: components["responses"]["Unprocessable"];
            readonly 429: components["responses"]["TooManyRequests"];
            readonly 431: components["responses"]["HeadTooLarge"];
            readonly 500: components["responses"]["InternalError"];
            readonly 503: components["responses"]["Unavailable"];
            readonly 504: components["responses"]["DeadlinePassed"];
        };
    };
    readonly listModels: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description All models, in the order of their names. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["ModelsResponse"];
                };
            };
            readonly 400: components["responses"]["BadRequest"];
            readonly 401: components["responses"]["Unauthorized"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 408: components["responses"]["RequestTimeout"];
            readonly 413: components["responses"]["ContentTooLarge"];
            readonly 429: components["responses"]["TooManyRequests"];
            readonly 431: components["responses"]["HeadTooLarge"];
            readonly 500: components["responses"]["InternalError"];
        };
    };
    readonly getModel: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly name: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The model. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Model"];
                };
            };
            readonly 400: components["responses"]["BadRequest"];
            readonly 401: components["responses"]["Unauthorized"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["NotFound"];
            readonly 408: components["responses"]["RequestTimeout"];
            readonly 413: components["responses"]["ContentTooLarge"];
            readonly 429: components["responses"]["TooManyRequests"];
            readonly 431: components["responses"]["HeadTooLarge"];
            readonly 500: components["responses"]["InternalError"];
        };
    };
    readonly huggingFaceInference: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly name: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["HuggingFaceRequest"];
            };
        };
        readonly responses: {
            /** @description For a classifier a list of labels with scores for each text, the best first; for a tagger a list of entities, for a list of texts a list of such lists. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["HuggingFaceResponse"];
                };
            };
            readonly default: components["responses"]["OtherService"];
        };
    };
    readonly reloadModel: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly name: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The model that has been loaded. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Model"];
                };
            };
            readonly 400: components["responses"]["BadRequest"];
            readonly 401: components["responses"]["Unauthorized"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 404: components["responses"]["NotFound"];
            readonly 408: components["responses"]["RequestTimeout"];
            readonly 409: components["responses"]["Conflict"];
            readonly 413: components["responses"]["ContentTooLarge"];
            readonly 422: components["responses"]["Unprocessable"];
            readonly 429: components["responses"]["TooManyRequests"];
            readonly 431: components["responses"]["HeadTooLarge"];
            readonly 500: components["responses"]["InternalError"];
            readonly 503: components["responses"]["Unavailable"];
        };
    };
    readonly openInferenceServer: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The service. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["OpenInferenceServer"];
                };
            };
            readonly default: components["responses"]["OtherService"];
        };
    };
    readonly openInferenceLive: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The process answers. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["OpenInferenceLive"];
                };
            };
            readonly default: components["responses"]["OtherService"];
        };
    };
    readonly openInferenceReady: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The service is ready. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["OpenInferenceReady"];
                };
            };
            readonly default: components["responses"]["OtherService"];
        };
    };
    readonly openInferenceModels: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The names of the models. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["OpenInferenceModels"];
                };
            };
            readonly default: components["responses"]["OtherService"];
        };
    };
    readonly openInferenceIndex: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: {
            readonly content: {
                readonly "application/json": components["schemas"]["OpenInferenceIndexRequest"];
            };
        };
        readonly responses: {
            /** @description All models, in the order of their names. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["OpenInferenceIndex"];
                };
            };
            readonly default: components["responses"]["OtherService"];
        };
    };
    readonly openInferenceModel: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly name: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The model. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["OpenInferenceModel"];
                };
            };
            readonly default: components["responses"]["OtherService"];
        };
    };
    readonly openInferenceModelReady: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly name: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The model is loaded. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["OpenInferenceModelReady"];
                };
            };
            readonly default: components["responses"]["OtherService"];
        };
    };
    readonly openInferenceInfer: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly name: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["OpenInferenceRequest"];
            };
        };
        readonly responses: {
            /** @description The output tensors, in JSON, or after the JSON where the request asks for binary data. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["OpenInferenceResponse"];
                    readonly "application/octet-stream": string;
                };
            };
            readonly default: components["responses"]["OtherService"];
        };
    };
    readonly openInferenceModelVersion: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly name: string;
                readonly version: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The model. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["OpenInferenceModel"];
                };
            };
            readonly default: components["responses"]["OtherService"];
        };
    };
    readonly openInferenceModelReadyVersion: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly name: string;
                readonly version: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The model is loaded. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["OpenInferenceModelReady"];
                };
            };
            readonly default: components["responses"]["OtherService"];
        };
    };
    readonly openInferenceInferVersion: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly name: string;
                readonly version: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["OpenInferenceRequest"];
            };
        };
        readonly responses: {
            /** @description The output tensors, in JSON, or after the JSON where the request asks for binary data. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["OpenInferenceResponse"];
                    readonly "application/octet-stream": string;
                };
            };
            readonly default: components["responses"]["OtherService"];
        };
    };
    readonly vllmModels: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The models. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["VllmModels"];
                };
            };
            readonly default: components["responses"]["OtherService"];
        };
    };
    readonly vllmModel: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly name: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The model. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["VllmModel"];
                };
            };
            readonly default: components["responses"]["OtherService"];
        };
    };
    readonly kservePredict: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly name: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["KserveRequest"];
            };
        };
        readonly responses: {
            /** @description What /classify or /ner say about each text, in the order of the instances. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["KserveResponse"];
                };
            };
            readonly default: components["responses"]["OtherService"];
        };
    };
    readonly vllmTokenize: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["VllmTokenizeRequest"];
            };
        };
        readonly responses: {
            /** @description The tokens. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["VllmTokenizeResponse"];
                };
            };
            readonly default: components["responses"]["OtherService"];
        };
    };
    readonly textEmbeddingsPredict: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["TextEmbeddingsRequest"];
            };
        };
        readonly responses: {
            /** @description The labels of the text, the best first; for a batch a list of such lists. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["TextEmbeddingsResponse"];
                };
            };
            readonly default: components["responses"]["OtherService"];
        };
    };
    readonly textEmbeddingsInfo: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The model. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["TextEmbeddingsInfo"];
                };
            };
            readonly default: components["responses"]["OtherService"];
        };
    };
    readonly live: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The process answers. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Health"];
                };
            };
            readonly 400: components["responses"]["BadRequest"];
            readonly 408: components["responses"]["RequestTimeout"];
            readonly 413: components["responses"]["ContentTooLarge"];
            readonly 431: components["responses"]["HeadTooLarge"];
            readonly 500: components["responses"]["InternalError"];
        };
    };
    readonly ready: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The service is ready. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Health"];
                };
            };
            readonly 400: components["responses"]["BadRequest"];
            readonly 408: components["responses"]["RequestTimeout"];
            readonly 413: components["responses"]["ContentTooLarge"];
            readonly 431: components["responses"]["HeadTooLarge"];
            readonly 500: components["responses"]["InternalError"];
            readonly 503: components["responses"]["Unavailable"];
        };
    };
    readonly health: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The service is ready. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Health"];
                };
            };
            readonly 400: components["responses"]["BadRequest"];
            readonly 408: components["responses"]["RequestTimeout"];
            readonly 413: components["responses"]["ContentTooLarge"];
            readonly 431: components["responses"]["HeadTooLarge"];
            readonly 500: components["responses"]["InternalError"];
            readonly 503: components["responses"]["Unavailable"];
        };
    };
    readonly metrics: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The metrics. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "text/plain": string;
                };
            };
            readonly 400: components["responses"]["BadRequest"];
            readonly 401: components["responses"]["Unauthorized"];
            readonly 403: components["responses"]["Forbidden"];
            readonly 408: components["responses"]["RequestTimeout"];
            readonly 413: components["responses"]["ContentTooLarge"];
            readonly 429: components["responses"]["TooManyRequests"];
            readonly 431: components["responses"]["HeadTooLarge"];
            readonly 500: components["responses"]["InternalError"];
        };
    };
    readonly openapi: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description This document. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/yaml": {
                        readonly openapi: string;
                        readonly info: Record<string, never>;
                        readonly paths: Record<string, never>;
                        readonly components: Record<string, never>;
                    };
                };
            };
            readonly 400: components["responses"]["BadRequest"];
            readonly 408: components["responses"]["RequestTimeout"];
            readonly 413: components["responses"]["ContentTooLarge"];
            readonly 431: components["responses"]["HeadTooLarge"];
            readonly 500: components["responses"]["InternalError"];
        };
    };
    readonly playground: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The page. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "text/html": string;
                };
            };
            readonly 304: components["responses"]["NotModified"];
            readonly 400: components["responses"]["BadRequest"];
            readonly 408: components["responses"]["RequestTimeout"];
            readonly 413: components["responses"]["ContentTooLarge"];
            readonly 431: components["responses"]["HeadTooLarge"];
            readonly 500: components["responses"]["InternalError"];
        };
    };
    readonly docs: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The page. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "text/html": string;
                };
            };
            readonly 304: components["responses"]["NotModified"];
            readonly 400: components["responses"]["BadRequest"];
            readonly 408: components["responses"]["RequestTimeout"];
            readonly 413: components["responses"]["ContentTooLarge"];
            readonly 431: components["responses"]["HeadTooLarge"];
            readonly 500: components["responses"]["InternalError"];
        };
    };
    readonly asset: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                readonly file: "docs.css" | "docs.js" | "icon.svg" | "playground.css" | "playground.js" | "results.js" | "service.js" | "shared.css" | "snippets.js" | "swagger-ui-bundle.js" | "swagger-ui.css" | "theme.js";
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The file. */
            readonly 200: {
                headers: {
                    readonly "x-request-id": components["headers"]["RequestId"];
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "text/css": string;
                    readonly "text/javascript": string;
                    readonly "image/svg+xml": string;
                };
            };
            readonly 304: components["responses"]["NotModified"];
            readonly 400: components["responses"]["BadRequest"];
            readonly 404: components["responses"]["NotFound"];
            readonly 408: components["responses"]["RequestTimeout"];
            readonly 413: components["responses"]["ContentTooLarge"];
            readonly 431: components["responses"]["HeadTooLarge"];
            readonly 500: components["responses"]["InternalError"];
        };
    };
}
