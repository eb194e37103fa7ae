// Generated from openapi.yaml by `npm run openapi:types`: the bodies of requests and responses.

export type paths = Record<string, never>;
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
            readonly truncate: boolean;
            /**
             * @description How texts over the model's maximum length are read. truncate cuts them. mean and max read all of a text, in windows of the maximum length that overlap by half, with special tokens around each: mean averages the windows' logits, max takes the greatest of each label, and probabilities are computed from the result. Nothing is cut or refused then. A long text costs as much as texts of twice its tokens.
             * @default truncate
             * @enum {string}
             */
            readonly long_text: "truncate" | "mean" | "max";
            /** @default false */
            readonly raw_scores: components["schemas"]["RawScores"];
            /** @description Multi-label models list the labels whose probability is at least this. With abstain, a text whose best label is less probable gets none. Unless it is given, each label has the threshold that the model keeps for it, and a label without one is listed from 0.5 on and never abstained from. */
            readonly threshold?: components["schemas"]["Probability"];
            /**
             * @description Whether label is null where the probability of the best label is below its threshold. Refused with 422 if neither the request nor the model has a threshold, and for regression models.
             * @default false
             */
            readonly abstain: boolean;
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
            readonly offset_unit: "codepoint" | "utf16" | "byte";
            /**
             * @description How logits become tags. valid: the most probable sequence of tags that the labels' scheme allows, in which I-X follows only B-X or I-X. argmax: the most probable tag of each word alone, as the pipeline of transformers has it, where an I-X that continues no entity starts one, as seqeval counts. On the test set of CoNLL-2003, the shipped tagger has an F1 of 88.13% with valid and of 87.11% with argmax. Unless it is given, what the model was exported with, which is valid unless the export said otherwise.
             * @enum {string}
             */
            readonly decoding?: "valid" | "argmax";
            /**
             * @description Whether to return the tag of every word, and for raw texts the position of every word.
             * @default false
             */
            readonly tags: boolean;
            /** @default false */
            readonly raw_scores: components["schemas"]["RawScores"];
            /**
             * @description Entities that score less are left out.
             * @default 0
             */
            readonly threshold: components["schemas"]["Probability"];
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
            readonly ready: boolean;
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
            readonly add_special_tokens: boolean;
            /**
             * @description Whether to return the tokens as texts as well.
             * @default false
             */
            readonly return_token_strs: boolean;
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
            readonly truncate: boolean;
            /**
             * @description The side on which texts are cut.
             * @default Right
             * @enum {string}
             */
            readonly truncation_direction: "Left" | "Right" | "left" | "right";
            /**
             * @description Whether the scores are logits.
             * @default false
             */
            readonly raw_scores: boolean;
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
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type Texts = components['schemas']['Texts'];
export type VisibleText = components['schemas']['VisibleText'];
export type VisibleTexts = components['schemas']['VisibleTexts'];
export type TextOrPair = components['schemas']['TextOrPair'];
export type Probability = components['schemas']['Probability'];
export type RawScores = components['schemas']['RawScores'];
export type TimeoutMs = components['schemas']['TimeoutMs'];
export type Priority = components['schemas']['Priority'];
export type ClassifyRequest = components['schemas']['ClassifyRequest'];
export type ClassifyResponse = components['schemas']['ClassifyResponse'];
export type Classification = components['schemas']['Classification'];
export type NerRequest = components['schemas']['NerRequest'];
export type NerResponse = components['schemas']['NerResponse'];
export type Tagging = components['schemas']['Tagging'];
export type Entity = components['schemas']['Entity'];
export type LabelScore = components['schemas']['LabelScore'];
export type HuggingFaceRequest = components['schemas']['HuggingFaceRequest'];
export type HuggingFaceResponse = components['schemas']['HuggingFaceResponse'];
export type HuggingFaceEntity = components['schemas']['HuggingFaceEntity'];
export type OpenInferenceServer = components['schemas']['OpenInferenceServer'];
export type OpenInferenceLive = components['schemas']['OpenInferenceLive'];
export type OpenInferenceReady = components['schemas']['OpenInferenceReady'];
export type OpenInferenceModels = components['schemas']['OpenInferenceModels'];
export type OpenInferenceIndex = components['schemas']['OpenInferenceIndex'];
export type OpenInferenceIndexRequest = components['schemas']['OpenInferenceIndexRequest'];
export type OpenInferenceIndexEntry = components['schemas']['OpenInferenceIndexEntry'];
export type OpenInferenceTensor = components['schemas']['OpenInferenceTensor'];
export type OpenInferenceModel = components['schemas']['OpenInferenceModel'];
export type OpenInferenceModelReady = components['schemas']['OpenInferenceModelReady'];
export type OpenInferenceRequest = components['schemas']['OpenInferenceRequest'];
export type OpenInferenceResponse = components['schemas']['OpenInferenceResponse'];
export type KserveRequest = components['schemas']['KserveRequest'];
export type KserveResponse = components['schemas']['KserveResponse'];
export type VllmClassifyRequest = components['schemas']['VllmClassifyRequest'];
export type VllmClassifyResponse = components['schemas']['VllmClassifyResponse'];
export type VllmTokenizeRequest = components['schemas']['VllmTokenizeRequest'];
export type VllmTokenizeResponse = components['schemas']['VllmTokenizeResponse'];
export type VllmModels = components['schemas']['VllmModels'];
export type VllmModel = components['schemas']['VllmModel'];
export type TextEmbeddingsRequest = components['schemas']['TextEmbeddingsRequest'];
export type TextEmbeddingsResponse = components['schemas']['TextEmbeddingsResponse'];
export type TextEmbeddingsInfo = components['schemas']['TextEmbeddingsInfo'];
export type Usage = components['schemas']['Usage'];
export type ModelsResponse = components['schemas']['ModelsResponse'];
export type Model = components['schemas']['Model'];
export type Health = components['schemas']['Health'];
export type Problem = components['schemas']['Problem'];
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
