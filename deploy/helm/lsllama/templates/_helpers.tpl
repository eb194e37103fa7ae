{{/* The name of every resource: that of the release, with the chart's name behind it if it is not in it. */}}
{{- define "lsllama.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "lsllama.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "lsllama.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{ include "lsllama.selectorLabels" . }}
{{- end -}}

{{- define "lsllama.image" -}}
{{- $suffix := ternary "-cuda" "" .Values.gpu.enabled -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default (printf "%s%s" .Chart.AppVersion $suffix)) -}}
{{- end -}}

{{/* The folder of models, empty for those of the package. */}}
{{- define "lsllama.models" -}}
{{- .Values.models.path | default (ternary "/models" "" (ne .Values.models.claim "")) -}}
{{- end -}}
